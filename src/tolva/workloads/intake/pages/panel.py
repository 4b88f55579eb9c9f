"""What intake says on the page of a job: counts, what was wrong, what can be done next."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import Request

from tolva.core.job import FINISHED, JobId, State
from tolva.db.pool import Connection
from tolva.web.pages.numbers import numbers
from tolva.web.pages.once import new_token
from tolva.web.pages.panel import Panel
from tolva.workloads.intake.accept import LOAD, REHEARSE
from tolva.workloads.intake.corrected import corrected_upload
from tolva.workloads.intake.found_errors import Cursor, ErrorFilter
from tolva.workloads.intake.messages import MENDABLE, told_error
from tolva.workloads.intake.pages.columns import taken_columns
from tolva.workloads.intake.pages.errors import grid_of
from tolva.workloads.intake.pages.field_titles import with_titles
from tolva.workloads.intake.pages.tellers import tellers
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.standing import Later, last_undo, later_loads, open_undo, standing_of
from tolva.workloads.intake.stored import effective_load, find_upload
from tolva.workloads.intake.undo import UNDO

WHILE_RUNNING = {"processed": "processed", "accepted": "successful", "rejected": "failed"}
"""Counts that are known before the end, and what the progress calls them."""
WRITTEN = ("created", "updated", "unchanged")
"""Those that the checkpoint of a load tells."""

TITLES = {LOAD: "Loading of a file", REHEARSE: "Dry run of a file", UNDO: "Undoing of a load"}
"""For people, in English; templates/intake/_words.html has them once more, for the translators."""
NONE_LATER = Later([], whole=True)
NO_WAY_BACK: dict[str, Any] = {
    **{"undoable": False, "undone": False, "undoing": None, "undid": None},
    "later": NONE_LATER,
}


def tell(conn: Connection, job: DictRow, _request: Request) -> Mapping[str, Any]:
    """What the templates of the panel are given. The grid of errors is read once the job has ended."""
    id, ended = JobId(str(job["id"])), State(job["state"]) in FINISHED
    upload = find_upload(conn, id)
    schema = schema_of(conn, upload) if upload and ended else None
    message = told_error(job)
    way_back = _way_back(conn, job) if ended else NO_WAY_BACK
    told: dict[str, Any] = {
        "upload": upload,
        "ended": ended,
        "counts": _counts(job),
        "read": job["progress"].get("read", {}),
        "message": with_titles(message, schema) if message and schema else message,
        "mendable": bool(job["error"]) and job["error"]["type"] in MENDABLE,
        "questions": job["error"].get("questions", []) if job["error"] else [],
        "unclear": job["error"].get("unclear", []) if job["error"] else [],
        "corrected": corrected_upload(conn, upload) if upload else None,
        "loaded": effective_load(conn, upload) if upload and ended and job["kind"] == REHEARSE else None,
        "taken": taken_columns(job["progress"]) if "matches" in job["progress"] else [],
        "schema": schema,
        "grid": grid_of(conn, job, ErrorFilter(), Cursor(), undone=way_back["undone"]) if ended else None,
        "undo_of": job["params"].get("undo_of"),
        "later_loads": job["result"].get("later_loads", []) if job["result"] else [],
        "token": new_token(),
    }
    return told | way_back


def _counts(job: DictRow) -> dict[str, int | float]:
    """By name, as far as they are known."""
    if job["result"]:
        return {name: count for name, count in job["result"].items() if isinstance(count, int)}
    progress = numbers(job["progress"])
    so_far = job["checkpoint"] if job["kind"] in (LOAD, REHEARSE) else None
    known = {"total": progress.get("total")} | {name: progress.get(own) for name, own in WHILE_RUNNING.items()}
    known |= {name: so_far[name] for name in WRITTEN} if so_far else {}
    return {name: count for name, count in known.items() if count is not None}


def _way_back(conn: Connection, job: DictRow) -> dict[str, Any]:
    """Whether there is something to undo or all is undone, and the jobs that do so or did.

    `later` is what stays, or would, without the load: for its page, and for that of its undo.
    """
    id, undoes = str(job["id"]), job["params"].get("undo_of")
    if job["kind"] != LOAD:
        return NO_WAY_BACK | ({"later": _later(conn, undoes)} if undoes else {})
    standing = standing_of(conn, id)
    told = {"undoable": standing.left, "undone": standing.undone, "undoing": open_undo(conn, id)}
    told |= {"undid": last_undo(conn, id)} if standing.undone else {}
    return NO_WAY_BACK | told | ({"later": _later(conn, id)} if standing.did else {})


def _later(conn: Connection, load_id: str) -> Later:
    load = find_upload(conn, load_id)
    return later_loads(conn, load, alike=True) if load else NONE_LATER


INTAKE_PANEL = Panel(
    TITLES,
    tell,
    "intake/panel_live.html",
    "intake/panel_below.html",
    "intake/panel_actions.html",
    tellers,
)
