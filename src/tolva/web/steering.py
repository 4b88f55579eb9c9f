"""What people do to jobs and queues, with a line in the audit log: for API, pages and command line alike."""

from collections.abc import Callable, Sequence

from tolva.core.job import JobId, Json, State
from tolva.jobs.letters import dismiss, get_letter, held_open, hold_open, require_open
from tolva.jobs.pausing import pause_lane, pause_queue
from tolva.jobs.work import Jobs, Work
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.web.idempotency import IdempotentRequest, once

BulkDeed = Callable[[Jobs, Caller, Sequence[JobId]], Sequence[JobId]]
"""Does one thing to those of these jobs that allow it, in one transaction, and answers with them."""


def cancel_job(jobs: Jobs, by: Caller, id: JobId, key: str | None = None) -> State:
    """Ask a job to stop, with a known idempotency `key` as the first time; see `store.cancel`."""
    asked = IdempotentRequest(by, key, "job.cancel", {"id": id})
    with jobs.work(by.tenant_id) as work:

        def cancel() -> Json:
            state = work.cancel(id)
            note(work.conn, by, "job.cancel", id)
            return {"state": state}

        return State(once(work.conn, asked, cancel)["state"])


def retry_job(jobs: Jobs, by: Caller, id: JobId, key: str | None = None) -> None:
    """Queue a failed or cancelled job again, with a known idempotency `key` once; see `store.retry`."""
    asked = IdempotentRequest(by, key, "job.retry", {"id": id})
    with jobs.work(by.tenant_id) as work:

        def retry() -> Json:
            work.retry(id)
            note(work.conn, by, "job.retry", id)
            return {}

        once(work.conn, asked, retry)


def cancel_jobs(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> list[JobId]:
    """Ask those of these jobs that have not ended to stop, in one transaction; see `store.cancel_many`."""
    with jobs.work(by.tenant_id) as work:
        told = work.cancel_many(ids)
        if told:
            note(work.conn, by, "jobs.cancel", f"{len(told)} jobs", jobs=told)
    return told


def replay_jobs(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> list[JobId]:
    """Queue those of these jobs again that failed or were cancelled, in one transaction; see `store.replay`."""
    with jobs.work(by.tenant_id) as work:
        return _replay(work, by, ids)


def replay_letters(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> list[JobId]:
    """The same for those of these jobs whose dead letter is open: what was dismissed meanwhile stays dismissed."""
    with jobs.work(by.tenant_id) as work:
        return _replay(work, by, held_open(work.conn, ids))


def _replay(work: Work, by: Caller, ids: Sequence[JobId]) -> list[JobId]:
    again = work.replay(ids)
    if again:
        note(work.conn, by, "jobs.replay", f"{len(again)} jobs", jobs=again)
    return again


def replay_letter(jobs: Jobs, by: Caller, id: JobId) -> None:
    """Queue the job of an open dead letter again. Raises NotFound where it never had one, Conflict for none open."""
    with jobs.work(by.tenant_id) as work:
        hold_open(work.conn, id)
        work.retry(id)
        note(work.conn, by, "job.retry", id)


def dismiss_letters(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> list[JobId]:
    """Close the open dead letters of these jobs, in one transaction; see `letters.dismiss`."""
    with jobs.db.transaction(by.tenant_id) as conn:
        gone = dismiss(conn, ids, by.actor)
        if gone:
            note(conn, by, "letters.dismiss", f"{len(gone)} jobs", jobs=gone)
    return gone


def dismiss_letter(jobs: Jobs, by: Caller, id: JobId) -> None:
    """Close the open dead letter of a job. Raises NotFound where it never had one, Conflict where it has none open."""
    with jobs.db.transaction(by.tenant_id) as conn:
        if dismiss(conn, [id], by.actor):
            note(conn, by, "letter.dismiss", id)
        else:
            require_open(get_letter(conn, id))  # asked afterwards: a replay may have come in between


def pause_for_tenant(jobs: Jobs, by: Caller, queue: str, *, paused: bool) -> None:
    """Pause or resume a queue for the caller's tenant alone; see `pausing.pause_lane`."""
    with jobs.db.transaction(by.tenant_id) as conn:
        pause_lane(conn, jobs.catalogue, by.tenant_id, queue, paused=paused)
        note(conn, by, "queue.pause" if paused else "queue.resume", queue)
    if not paused:
        jobs.engine.ring(queue, [])


def pause_for_all(jobs: Jobs, by: Caller, queue: str, *, paused: bool) -> None:
    """Pause or resume a queue for everybody; see `pausing.pause_queue`."""
    with jobs.db.transaction(by.tenant_id) as conn:
        pause_queue(conn, jobs.catalogue, queue, paused=paused)
        note(conn, by, "queue.pause" if paused else "queue.resume", queue, everybody=True)
    if not paused:
        jobs.engine.ring(queue, [])
