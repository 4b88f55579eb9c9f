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
    return NewJob(KIND, params, unique_key=key, unique_forever=True, label=host_of(address))


def deliveries(conn: Connection, webhook: UUID, *, before: UUID | None = None, most: int = 50) -> list[DictRow]:
    """The deliveries of a webhook, newest first; `before` is the last id of the page before."""
    given = {"webhook": str(webhook), "before": before, "most": most}
    return conn.execute(SQL["deliveries"], given).fetchall()
