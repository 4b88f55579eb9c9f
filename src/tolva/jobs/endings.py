"""The end of attempts, many in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import Claimed, JobId, Json, Outcome
from tolva.db.pool import Connection
from tolva.jobs.payload import as_json
from tolva.jobs.sql import SQL

MOST_LOSSES = 10
"""Lost attempts in a row, without a checkpoint between them, after which a job is thought to kill its workers."""


@dataclass(frozen=True)
class Ending:
    """How one attempt ended, and the counters to show from then on (None: as they are)."""

    job: Claimed
    outcome: Outcome
    progress: Json | None = None


def end_attempts(conn: Connection, endings: Sequence[Ending]) -> list[DictRow]:
    """Write these endings. Returns every job that moved, parents too: job_id, queue, state, rings.

    An ending whose job is not in the answer was refused: another attempt owns it.
    """
    return conn.execute(SQL["finish"], finish_params(endings)).fetchall()


def finish_params(endings: Sequence[Ending]) -> dict[str, Any]:
    """The parameters of the query `finish`."""
    return {
        "jobs": [ending.job.id for ending in endings],
        "attempts": [ending.job.attempt for ending in endings],
        "verbs": [ending.outcome.verb for ending in endings],
        "payloads": _filled([ending.outcome.payload for ending in endings]),
        "delays": _filled([ending.outcome.delay for ending in endings]),
        "progress": _filled([as_json(e.progress) if e.progress is not None else None for e in endings]),
        "most_losses": MOST_LOSSES,
    }


def _filled(values: list[Any]) -> list[Any]:
    """The values, or none at all: the function takes what is missing for NULL, and mostly all of them are."""
    return values if any(values) else []


def accepted(rows: Sequence[DictRow]) -> set[JobId]:
    """The jobs among the answers of `end_attempts`."""
    return {JobId(row["job_id"]) for row in rows}
