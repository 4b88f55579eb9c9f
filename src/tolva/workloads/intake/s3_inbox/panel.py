"""What is said on the page of a job that takes a file out of a bucket: where it lay, and what became of it."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import Request

from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.web.pages.panel import Panel
from tolva.workloads.intake.s3_inbox.take_in import TAKE_IN

TITLES = {TAKE_IN: "Arrival of a file in a bucket"}
"""For people, in English; templates/intake/_words.html has it once more, for the translators."""


def tell(_conn: Connection, job: DictRow, _request: Request) -> Mapping[str, Any]:
    """What the templates of the panel are given."""
    result: Json = job["result"] or {}
    place = f"s3://{job['params']['bucket']}/{job['params']['key']}"
    return {"place": place, "upload": result.get("upload"), "replaced": result.get("replaced", False)}


S3_PANEL = Panel(TITLES, tell, "intake/s3_live.html", "intake/s3_below.html", "intake/s3_actions.html")
