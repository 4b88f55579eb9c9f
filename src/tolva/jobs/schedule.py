"""Schedules: cron in a time zone, made, looked at and steered. `firing` makes their jobs."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from psycopg.rows import DictRow

from tolva.core.cron import parse_cron
from tolva.core.job import NewJob
from tolva.db.pool import Connection
from tolva.errors import Conflict, InvalidInput, NotFound
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.payload import as_json
from tolva.jobs.sql import SQL
from tolva.jobs.store import MOST_PARAMS, Enqueued
from tolva.jobs.work import Work

MOST = 500
"""Schedules of a tenant: all of them may come due at the same moment, at midnight, and each is looked at then."""
MOST_GIVEN = MOST_PARAMS - 100
"""Bytes of a schedule's parameters as JSON: those of a job, without the moment of the tick that each job gets."""


class NameTaken(Conflict):
    """A new schedule has the name of one that there is."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a schedule '{name}' already. Choose another name, or change that one.")


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


def put_schedule(
    conn: Connection, catalogue: Catalogue, tenant_id: str, schedule: Schedule, *, new: bool = False
) -> DictRow:
    """Make or change a schedule; returns it. A `new` one changes none that there is.

    Raises InvalidInput for an unknown zone, a kind that does not run by the clock, parameters over MOST_GIVEN, or a
    cron expression that is wrong or never comes; Conflict when the tenant has MOST others; NameTaken.
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
        "params": as_json(schedule.job.params, most=MOST_GIVEN),
        "next_at": cron.next_after(datetime.now(UTC)),
        "paused": schedule.paused,
    }
    conn.execute(SQL["lock_schedules"])
    if new and conn.execute(SQL["get_schedule"], {"name": schedule.name}).fetchone():
        raise NameTaken(schedule.name)
    _require_room(conn, schedule.name)
    row = conn.execute(SQL["put_schedule"], given).fetchone()
    assert row is not None, "one row is put"
    return row


def _require_room(conn: Connection, name: str) -> None:
    others = conn.execute(SQL["count_other_schedules"], {"name": name}).fetchone()
    if others and others["schedules"] >= MOST:
        raise Conflict(f"There are {MOST} schedules already. Delete one, or let the job of one do more.")


def list_schedules(conn: Connection, *, after: str = "", most: int = MOST) -> list[DictRow]:
    """The tenant's schedules by name; `after` is the last one of the page before. Of their parameters what is short."""
    return conn.execute(SQL["list_schedules"], {"after": after, "most": most}).fetchall()


def why_stuck(catalogue: Catalogue, row: DictRow) -> str | None:
    """Why a schedule makes no jobs as long as nothing is mended; None where it does, or somebody paused it."""
    if row["paused_at"]:
        return None
    try:
        catalogue.scheduled(row["kind"])
        parse_cron(row["cron"], row["timezone"])
    except InvalidInput as error:
        return str(error)
    return row["trouble"]


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

    Raises NotFound, or InvalidInput when its kind does not run by the clock any more.
    """
    row = get_schedule(work.conn, name)
    work.catalogue.scheduled(row["kind"])
    params = {**row["params"], "scheduled_for": datetime.now(UTC).isoformat()}
    unique = f"run {json.dumps([name, key])}" if key else None  # as a list, since a name may hold blanks
    forever = unique is not None
    job = NewJob(row["kind"], params, row["priority"], unique_key=unique, unique_forever=forever, label=name)
    [made] = work.enqueue(job)
    return made
