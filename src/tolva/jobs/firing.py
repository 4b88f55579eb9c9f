"""The ticks of schedules: each makes exactly one job, whoever of several workers is alive.

A worker looks for schedules of the kinds that it has a handler for. So one whose handler is gone costs nothing, and
when the handler is back, what was missed is as after an outage. A tick that fails otherwise is noted with its reason
(`trouble`) and tried again after a while.
"""

import logging
from datetime import UTC, datetime

from psycopg.rows import DictRow

from tolva.core.cron import parse_cron
from tolva.errors import InvalidInput, TryLater
from tolva.jobs.payload import clean
from tolva.jobs.rings import rings, send_rings
from tolva.jobs.sql import SQL
from tolva.jobs.store import new_job_id
from tolva.jobs.words import label_words
from tolva.jobs.work import Jobs

log = logging.getLogger(__name__)

PORTION = 200
"""Schedules that are looked at in one go."""
MOST_TICKS = 200
"""Ticks of one schedule that are made up for in one go after an outage; the rest follow at once."""
LOOK_AGAIN = 300.0
"""Seconds until a tick that failed is tried again."""
UNFORESEEN = "An unexpected error; the log says which."
"""Every viewer reads it; a text of the database's could hold what is not for them."""


def fire_due(jobs: Jobs) -> bool:
    """Make the jobs of ticks that have come. Returns whether there may be more of them."""
    with jobs.db.connection() as conn:
        given = {"kinds": jobs.catalogue.on_schedule, "most": PORTION}
        due = conn.execute(SQL["due_schedules"], given).fetchall()
    made = [_fire_apart(jobs, row) for row in due]
    return MOST_TICKS in made or (len(due) == PORTION and any(made))


def _fire_apart(jobs: Jobs, row: DictRow) -> int:
    """One schedule that cannot run must not keep the others from running."""
    try:
        return _fire_or_note(jobs, row)
    except TryLater as error:
        log.warning("schedule '%s' of tenant '%s': %s", row["name"], row["tenant_id"], error)
    return 0


def _fire_or_note(jobs: Jobs, row: DictRow) -> int:
    try:
        return _fire(jobs, row)
    except TryLater:
        raise
    except InvalidInput as error:
        log.error("schedule '%s' of tenant '%s' cannot run: %s", row["name"], row["tenant_id"], error)
        _note_trouble(jobs, row, str(error))
    except Exception:
        log.exception("schedule '%s' of tenant '%s'", row["name"], row["tenant_id"])
        _note_trouble(jobs, row, UNFORESEEN)
    return 0


def _fire(jobs: Jobs, row: DictRow) -> int:
    """Make the jobs of one schedule; returns how many of its ticks were looked at."""
    ticks = _ticks(row)
    moment = row["next_at"]
    named = {"tenant_id": row["tenant_id"], "name": row["name"], "words": label_words(row["tenant_id"], row["name"])}
    for tick, following in ticks:
        given = named | {"tick": tick, "from": moment, "next": following}
        with jobs.db.connection() as conn:
            rows = conn.execute(SQL["fire_schedule"], given | {"job": new_job_id()}).fetchall()
        send_rings(jobs.engine, rings(rows))
        moment = following
    return len(ticks)


def _ticks(row: DictRow) -> list[tuple[datetime, datetime]]:
    """The ticks to make now, each with the one that follows it. Raises InvalidInput for a clock that cannot be read."""
    cron = parse_cron(row["cron"], row["timezone"])
    now = datetime.now(UTC)
    due: list[datetime] = [row["next_at"].astimezone(UTC)]
    due += cron.ticks(due[0], now, MOST_TICKS - 1)
    if row["missed"] == "latest":
        while len(due) == MOST_TICKS:
            due = [due[-1], *cron.ticks(due[-1], now, MOST_TICKS - 1)]
        due = due[-1:]
    return list(zip(due, [*due[1:], cron.next_after(due[-1])], strict=True))


def _note_trouble(jobs: Jobs, row: DictRow, why: str) -> None:
    given = {"why": clean(why), "seconds": LOOK_AGAIN, "name": row["name"], "next_at": row["next_at"]}
    with jobs.db.transaction(row["tenant_id"]) as conn:
        conn.execute(SQL["note_trouble"], given)
