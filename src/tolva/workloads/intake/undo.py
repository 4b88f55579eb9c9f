"""The job that undoes a load, chunk by chunk from its end; what has changed since is left alone and listed."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId, Json, NewJob, State
from tolva.db.pool import Connection
from tolva.errors import Conflict, NotFound
from tolva.jobs.context import Context
from tolva.jobs.work import Jobs
from tolva.tables.ledger import OWN
from tolva.tables.undo import Undone, undo_chunk
from tolva.workloads.intake.accept import LOAD
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.sql import SQL

UNDO = "undo"
"""The kind of job."""


def ask_undo(jobs: Jobs, tenant_id: str, load_id: str) -> JobId:
    """Make the job that undoes a load that has ended, however it ended; asked again, it is the same job.

    Raises NotFound for what is no load of this tenant, Conflict while it runs.
    """
    with jobs.work(tenant_id) as work:
        load = work.conn.execute(SQL["load_of"], {"job_id": load_id}).fetchone()
        if load is None or load["kind"] != LOAD:
            raise NotFound(f"There is no load {load_id}.")
        if State(load["state"]) not in FINISHED:
            raise Conflict(f"Load {load_id} has not ended. Cancel it or wait, then undo it.")
        undo = NewJob(UNDO, {"undo_of": load_id}, unique_key=f"undo {load_id}")
        [made] = work.enqueue(undo)
    return made.id


def undo_load(ctx: Context, defaults: Mapping[str, str]) -> Json:
    """Put back what the load did. Each chunk commits what it put back, its conflicts and the counts together."""
    load_id = str(ctx.params["undo_of"])
    with ctx.transaction() as conn:
        upload = conn.execute(SQL["upload_of"], {"job_id": load_id}).fetchone()
        size = conn.execute(SQL["ledger_size"], {"job_id": load_id}).fetchone()
        if upload is None or size is None:
            raise NotFound(f"The upload of load {load_id} is gone: it outlived TOLVA_RETENTION_DAYS.")
        schema = schema_of(conn, upload).with_defaults(defaults)
    counts = dict(ctx.checkpoint or {"total": size["left"], "removed": 0, "restored": 0, "conflicts": 0})
    while True:
        with ctx.transaction() as conn:
            done = undo_chunk(conn, schema, upload["constants"], OWN, load_id)
            if done is None:
                return counts | {"undo_of": load_id}
            _note_conflicts(conn, ctx, done, counts["conflicts"])
            counts = _added(counts, done)
            ctx.save(counts)
            ctx.progress(**_counters(counts))


def _added(counts: dict[str, Any], done: Undone) -> dict[str, Any]:
    return {
        "total": counts["total"],
        "removed": counts["removed"] + done.removed,
        "restored": counts["restored"] + done.restored,
        "conflicts": counts["conflicts"] + len({conflict.key for conflict in done.conflicts}),
    }


def _counters(counts: dict[str, Any]) -> dict[str, int]:
    good = counts["removed"] + counts["restored"]
    return {
        "total": counts["total"],
        "processed": good + counts["conflicts"],
        "successful": good,
        "failed": counts["conflicts"],
    }


def _note_conflicts(conn: Connection, ctx: Context, done: Undone, before: int) -> None:
    """As errors of this job: `row` counts the keys in conflict, which the message names."""
    numbers = {key: before + n for n, key in enumerate(dict.fromkeys(c.key for c in done.conflicts), start=1)}
    seen = dict.fromkeys(numbers, 0)
    lines: list[DictRow] = []
    for conflict in done.conflicts:
        lines.append(
            {
                "row": numbers[conflict.key],
                "n": seen[conflict.key],
                "column": conflict.field or "",
                "value": conflict.now or "",
                "code": "changed_since",
                "message": f"{conflict.key}: {conflict.said}",
            }
        )
        seen[conflict.key] += 1
    if lines:
        given = {name: [line[name] for line in lines] for name in lines[0]}
        conn.execute(SQL["add_errors"], given | {"job_id": ctx.job_id, "tenant_id": ctx.tenant_id})
