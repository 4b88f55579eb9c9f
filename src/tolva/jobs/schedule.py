"""Schedules: cron in a time zone, each tick exactly one job, whoever of several workers is alive."""

import json
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
from tolva.jobs.store import MOST_PARAMS, Enqueued, new_job_id
from tolva.jobs.words import label_words
from tolva.jobs.work import Work

log = logging.getLogger(__name__)

MOST_TICKS = 200
"""Ticks of one schedule that are made up for in one go after an outage; the rest follow at once."""


@dataclass(frozen=True)
class Schedule:
    """When to make which job, which has the schedule's name as its label.

    `missed` says what an outage leaves: every tick of it, or the latest alone. `paused` None leaves one that is there
    as it is: code that puts its schedules at every start overrules nobody.
    """

    name: str
    cron: str
    timezone: str
    job: NewJob
    missed: Literal["all", "latest"] = "all"
    paused: bool | None = None


def put_schedule(conn: Connection, catalogue: Catalogue, tenant_id: str, schedule: Schedule) -> DictRow:
    """Make or change a schedule; returns it.

    Raises InvalidInput for an unknown zone, a kind that does not run by the clock, or a cron expression that is wrong
    or never comes.
    """
    cron = parse_cron(schedule.cron, schedule.timezone)
    queue = catalogue.scheduled(schedule.job.kind).queue
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
        "next_at": cron.next_after(datetime.now(UTC)),
        "paused": schedule.paused,
    }
    row = conn.execute(SQL["put_schedule"], given).fetchone()
    assert row is not None, "one row is put"
    return row


def list_schedules(conn: Connection) -> list[DictRow]:
    """The tenant's schedules by name."""
    return conn.execute(SQL["list_schedules"]).fetchall()


def get_schedule(conn: Connection, name: str) -> DictRow:
    """One schedule. Raises NotFound."""
    return _found(name, conn.execute(SQL["get_schedule"], {"name": name}).fetchone())


def drop_schedule(conn: Connection, name: str) -> None:
    """Delete a schedule. Raises NotFound."""
    _found(name, conn.execute(SQL["drop_schedule"], {"name": name}).fetchone())


def pause_schedule(conn: Connection, name: str) -> DictRow:
    """Let a schedule make no more jobs. Raises NotFound."""
    return _found(name, conn.execute(SQL["pause_schedule"], {"name": name}).fetchone())


def resume_schedule(conn: Connection, name: str) -> DictRow:
    """Let a schedule go on. What passed while it was paused is not made up for. Raises NotFound."""
    row = get_schedule(conn, name)
    next_at = parse_cron(row["cron"], row["timezone"]).next_after(datetime.now(UTC))
    return _found(name, conn.execute(SQL["resume_schedule"], {"name": name, "next_at": next_at}).fetchone())


def _found(name: str, row: DictRow | None) -> DictRow:
    if row is None:
        raise NotFound(f"There is no schedule '{name}'.")
    return row


def run_now(work: Work, name: str, key: str | None = None) -> Enqueued:
    """Make the job of a schedule beside its ticks. With a `key` of the caller's, once for this schedule and all time.

    Raises NotFound, or InvalidInput when the installation has no handler for its kind any more.
    """
    row = get_schedule(work.conn, name)
    params = {**row["params"], "scheduled_for": datetime.now(UTC).isoformat()}
    unique = f"run {json.dumps([name, key])}" if key else None  # as a list, since a name may hold blanks
    forever = unique is not None
    job = NewJob(row["kind"], params, row["priority"], unique_key=unique, unique_forever=forever, label=name)
    [made] = work.enqueue(job)
    return made


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
