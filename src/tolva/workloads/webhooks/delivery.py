"""A delivery: the job that tells one webhook of one event, however many tries it takes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from tolva.core.job import NewJob, Queue
from tolva.db.pool import Connection
from tolva.workloads.webhooks.address import host_of
from tolva.workloads.webhooks.event import KIND
from tolva.workloads.webhooks.sql import SQL

WAITS = (30, 120, 600, 1800, 3600, 7200, 14_400)
"""Seconds before each further try: eight in some eight hours."""
QUEUE = Queue("webhooks", slots=4, soft_limit=60, hard_limit=90, max_attempts=len(WAITS) + 1)


def delivery(webhook: UUID, address: str, event: str, type: str, at: datetime, data: dict[str, Any]) -> NewJob:
    """The job that tells a webhook of an event, once."""
    told = {"id": event, "type": type, "at": at.isoformat(), "data": data}
    key = f"webhook {webhook} {event}"
    params = {"webhook": str(webhook), "event": told}
    return NewJob(KIND, params, unique_key=key, unique_forever=True, label=_label(address, type, data))


def _label(address: str, type: str, data: dict[str, Any]) -> str:
    """What tells deliveries apart in lists.

    >>> _label("https://shop.example.com/hooks/T0P", "job.completed", {"id": "01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10"})
    'shop.example.com · job.completed · 01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10'
    """
    return " · ".join(filter(None, (host_of(address), type, data.get("id"))))


def deliveries(conn: Connection, webhook: UUID, *, before: UUID | None = None, most: int = 50) -> list[DictRow]:
    """The deliveries of a webhook, newest first; `before` is the last id of the page before."""
    given = {"webhook": str(webhook), "before": before, "most": most}
    return conn.execute(SQL["deliveries"], given).fetchall()
