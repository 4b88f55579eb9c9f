"""Jobs as rows: make, look up, cancel, replay. Every function runs in the caller's transaction, under its tenant."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid_utils
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId, NewJob, Queue, State
from tolva.db.pool import Connection
from tolva.errors import Conflict, InvalidInput, NotFound
from tolva.jobs.payload import as_json, clean
from tolva.jobs.rings import Ring, rings
from tolva.jobs.spans import sending
from tolva.jobs.sql import SQL
from tolva.jobs.words import label_words

QueueOf = Callable[[str], Queue]
"""The queue of a kind of job. Raises InvalidInput for an unknown kind."""

MOST_PARAMS = 1_000_000
"""Bytes of a job's parameters as JSON. What is larger belongs in a blob."""
MOST_LABEL = 255
"""Characters of a label that are kept."""


@dataclass(frozen=True)
class Enqueued:
    """The job that stands for a request. `created` is False when its unique key already had one."""

    id: JobId
    created: bool


def new_job_id() -> JobId:
    """A fresh UUIDv7."""
    return JobId(str(uuid_utils.uuid7()))


def enqueue(
    conn: Connection,
    queue_of: QueueOf,
    tenant_id: str,
    jobs: Sequence[NewJob],
    parent: JobId | None = None,
) -> tuple[list[Enqueued], list[Ring]]:
    """Make jobs; all or none. Returns one answer for each, and the rings to send after commit.

    Raises InvalidInput for an unknown kind, or parameters over MOST_PARAMS.
    """
    ids = [new_job_id() for _ in jobs]
    columns = _columns(queue_of, tenant_id, jobs, ids, parent)
    with sending(columns["queues"], ids) as trace:
        rows = conn.execute(SQL["enqueue"], columns | {"trace": trace}).fetchall()
    made = {row["id"] for row in rows}
    answers = [
        Enqueued(id, True) if id in made else Enqueued(_holder(conn, job), False)
        for id, job in zip(ids, jobs, strict=True)
    ]
    return answers, [(row["queue"], JobId(row["id"])) for row in rows if row["rings"]]


def _columns(
    queue_of: QueueOf, tenant_id: str, jobs: Sequence[NewJob], ids: Sequence[JobId], parent: JobId | None
) -> dict[str, Any]:
    queues = [queue_of(job.kind) for job in jobs]
    labels = [clean(job.label, MOST_LABEL) if job.label else None for job in jobs]
    return {
        "tenant_id": tenant_id,
        "parent_id": parent,
        "ids": list(ids),
        "queues": [queue.name for queue in queues],
        "kinds": [job.kind for job in jobs],
        "labels": labels,
        "words": [label_words(tenant_id, label) if label else "" for label in labels],
        "priorities": [job.priority for job in jobs],
        "max_attempts": [queue.max_attempts for queue in queues],
        "soft_limits": [queue.soft_limit for queue in queues],
        "hard_limits": [queue.hard_limit for queue in queues],
        "run_ats": [job.run_at for job in jobs],
        "params": [as_json(job.params, most=MOST_PARAMS) for job in jobs],
        "unique_keys": [job.unique_key for job in jobs],
        "unique_forevers": [job.unique_forever for job in jobs],
    }


def _holder(conn: Connection, job: NewJob) -> JobId:
    query = "holder_of_key_for_ever" if job.unique_forever else "holder_of_open_key"
    row = conn.execute(SQL[query], {"unique_key": job.unique_key}).fetchone()
    if row is None:
        # It ended between our insert and this look-up; whoever asks again gets a job of their own.
        raise Conflict(f"The job that held the key '{job.unique_key}' has just ended. Ask again.")
    return JobId(str(row["id"]))


def get_job(conn: Connection, id: JobId) -> DictRow:
    """One job. Raises NotFound, also for another tenant's."""
    row = conn.execute(SQL["get_job"], {"id": id}).fetchone()
    if row is None:
        raise NotFound(f"There is no job {id}.")
    return row


def note_answer(conn: Connection, asked: Sequence[JobId], by: JobId) -> None:
    """Note at those of these jobs that left a question open, or will, that the job `by` has its answer."""
    conn.execute(SQL["note_answer"], {"asked": list(asked), "by": by})


def note_undone(conn: Connection, id: JobId, by: JobId) -> None:
    """Note at a job that has ended that the job `by` has put back all that it did."""
    conn.execute(SQL["note_undone"], {"id": id, "by": by})


def cancel(conn: Connection, id: JobId) -> tuple[State, list[Ring]]:
    """Ask a job to stop, and its children with it. Returns its state now: `running` means that it was told to stop.

    Raises NotFound, or Conflict when it has ended already.
    """
    before = get_job(conn, id)
    rows = conn.execute(SQL["cancel"], {"ids": [id]}).fetchall()
    if not any(row["job_id"] == id for row in rows):
        raise Conflict(f"Job {id} is {before['state']} already; there is nothing to cancel.")
    return State(get_job(conn, id)["state"]), rings(rows)


def cancel_many(conn: Connection, ids: Sequence[JobId]) -> tuple[list[JobId], list[Ring]]:
    """Ask those of these jobs that have not ended to stop, and their children too. Returns those that it concerned."""
    rows = conn.execute(SQL["cancel"], {"ids": list(ids)}).fetchall()
    told = {row["job_id"] for row in rows}
    return [id for id in ids if id in told], rings(rows)


def replay(conn: Connection, ids: Sequence[JobId], run_at: datetime | None = None) -> tuple[list[JobId], list[Ring]]:
    """Queue failed or cancelled jobs again, each from its last checkpoint. Returns those that were.

    Raises Conflict when a job with the unique key of one of them is made in the same moment.
    """
    try:
        rows = conn.execute(SQL["replay"], {"ids": list(ids), "run_at": run_at}).fetchall()
    except UniqueViolation:
        raise Conflict(
            "A new job has just taken the unique key of one of these. Nothing was queued; try again."
        ) from None
    return [JobId(row["job_id"]) for row in rows], rings(rows)


def retry(conn: Connection, id: JobId) -> list[Ring]:
    """Queue one failed or cancelled job again. Raises NotFound, or Conflict in any other state."""
    state = get_job(conn, id)["state"]
    again, to_ring = replay(conn, [id])
    if not again:
        hint = "Upload it again to run it once more." if state in FINISHED else "Cancel it first, or wait."
        raise Conflict(f"Job {id} is {state}; only failed and cancelled jobs can be retried. {hint}")
    return to_ring


def set_lane(
    conn: Connection,
    tenant_id: str,
    queue: str,
    *,
    weight: float = 1.0,
    rate: float | None = None,
    burst: float | None = None,
) -> None:
    """The tenant's share of a queue: `weight` against others', `rate` in jobs per second, `burst` in jobs.

    Without a burst it is the jobs of one second, or one. Raises InvalidInput.
    """
    if burst is None:
        burst = max(rate or 1.0, 1.0)
    # NaN and infinity too: one of them in the clock of a queue would end all turns.
    if not (0 < weight < math.inf and (rate is None or 0 < rate < math.inf)):
        raise InvalidInput("A weight and a rate are numbers above 0; leave the rate out for no limit.")
    if not 1 <= burst < math.inf:
        raise InvalidInput("A burst is a number of jobs, 1 or more.")
    given = {"queue": queue, "tenant_id": tenant_id, "weight": weight, "rate": rate, "burst": burst}
    conn.execute(SQL["set_lane"], given)
