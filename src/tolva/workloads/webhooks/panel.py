"""What webhooks say on the page of a job: where a delivery goes, and what was answered."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import Request

from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.web.pages.panel import Panel
from tolva.workloads.webhooks.event import KIND

TITLES = {KIND: "Delivery of a webhook"}
"""For people, in English; templates/webhooks/_words.html has it once more, for the translators."""


def tell(_conn: Connection, job: DictRow, _request: Request) -> Mapping[str, Any]:
    """What the templates of the panel are given."""
    kept: Json = job["checkpoint"] or {}
    return {"webhook": job["params"]["webhook"], "answer": kept.get("answer")}


WEBHOOK_PANEL = Panel(
    TITLES,
    tell,
    "webhooks/panel_live.html",
    "webhooks/panel_below.html",
    "webhooks/panel_actions.html",
)
