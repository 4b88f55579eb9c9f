"""Schedules: cron in a time zone, each tick exactly one job, whoever of several workers is alive."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from psycopg.rows import DictRow

from tolva.core.cron import parse_cron
from tolva.core.job import NewJob
from tolva.core.ports import Engine
from tolva.db.pool import Connection, Database
from tolva.errors import InvalidInput, NotFound
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.payload import as_json
from tolva.jobs.rings import rings, send_rings
from tolva.jobs.sql import SQL
from tolva.jobs.store import MOST_PARAMS, new_job_id
from tolva.jobs.words import label_words

log = logging.getLogger(__name__)

MOST_TICKS = 200
"""Ticks of one schedule that are made up for in one go after an outage; the rest follow at once."""


@dataclass(frozen=True)
class Schedule:
    """When to make which job, which has the schedule's name as its label.

    `missed` says what an outage leaves: every tick of it, or the latest alone.
    """

    name: str
    cron: str
    timezone: str
    job: NewJob
    missed: Literal["all", "latest"] = "all"


def put_schedule(conn: Connection, catalogue: Catalogue, tenant_id: str, schedule: Schedule) -> datetime:
    """Make or change a schedule; returns its next tick.

    Raises InvalidInput for an unknown zone or kind, or a cron expression that is wrong or never comes.
    """
    cron = parse_cron(schedule.cron, schedule.timezone)
    queue = catalogue.handler(schedule.job.kind).queue
    next_at = cron.next_after(datetime.now(UTC))
    given = {
        "tenant_id": tenant_id,
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "missed": schedule.missed,
        "kind": schedule.job.kind,
        "queue": queue.name,
        "priority": schedule.job.priority,
        "max_attempts": queue.max_attempts,
        "soft_limit": queue.soft_limit,
        "hard_limit": queue.hard_limit,
        "params": as_json(schedule.job.params, most=MOST_PARAMS),
        "next_at": next_at,
    }
    conn.execute(SQL["put_schedule"], given)
    return next_at


def list_schedules(conn: Connection) -> list[DictRow]:
    """The tenant's schedules by name."""
    return conn.execute(SQL["list_schedules"]).fetchall()


def drop_schedule(conn: Connection, name: str) -> None:
    """Delete a schedule. Raises NotFound."""
    if conn.execute(SQL["drop_schedule"], {"name": name}).fetchone() is None:
        raise NotFound(f"There is no schedule '{name}'.")


def fire_due(db: Database, engine: Engine) -> bool:
    """Make the jobs of all ticks that have come. Returns whether there may be more of them."""
    with db.connection() as conn:
        due = conn.execute(SQL["due_schedules"]).fetchall()
    more = [_fire_apart(db, engine, row) for row in due]
    return any(more)


def _fire_apart(db: Database, engine: Engine, row: DictRow) -> bool:
    """One schedule that cannot run must not keep the others from running."""
    try:
        return _fire(db, engine, row)
    except Exception:
        log.exception("schedule '%s' of tenant '%s'", row["name"], row["tenant_id"])
        return False


def _fire(db: Database, engine: Engine, row: DictRow) -> bool:
    try:
        ticks = _ticks(row)
    except InvalidInput as error:
        log.error("schedule '%s' of tenant '%s' cannot run: %s", row["name"], row["tenant_id"], error)
        return False
    moment = row["next_at"]
    named = {"tenant_id": row["tenant_id"], "name": row["name"], "words": label_words(row["tenant_id"], row["name"])}
    for tick, following in ticks:
        given = named | {"tick": tick, "from": moment, "next": following}
        with db.connection() as conn:
            rows = conn.execute(SQL["fire_schedule"], given | {"job": new_job_id()}).fetchall()
        send_rings(engine, rings(rows))
        moment = following
    return len(ticks) == MOST_TICKS


def _ticks(row: DictRow) -> list[tuple[datetime, datetime]]:
    """The ticks to make now, each with the one that follows it."""
    cron = parse_cron(row["cron"], row["timezone"])
    now = datetime.now(UTC)
    due: list[datetime] = [row["next_at"].astimezone(UTC)]
    due += cron.ticks(due[0], now, MOST_TICKS - 1)
    if row["missed"] == "latest":
        while len(due) == MOST_TICKS:
            due = [due[-1], *cron.ticks(due[-1], now, MOST_TICKS - 1)]
        due = due[-1:]
    return list(zip(due, [*due[1:], cron.next_after(due[-1])], strict=True))
