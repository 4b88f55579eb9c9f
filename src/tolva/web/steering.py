"""What people do to jobs, queues and schedules, with a line in the audit log: for API, pages and command line alike."""

from collections.abc import Sequence

from psycopg.rows import DictRow

from tolva.core.job import JobId, State
from tolva.jobs.pausing import pause_lane, pause_queue
from tolva.jobs.schedule import drop_schedule, pause_schedule, resume_schedule, run_now
from tolva.jobs.store import Enqueued
from tolva.jobs.work import Jobs
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller


def cancel_job(jobs: Jobs, by: Caller, id: JobId) -> State:
    """Ask a job to stop; see `store.cancel`."""
    with jobs.work(by.tenant_id) as work:
        state = work.cancel(id)
        note(work.conn, by, "job.cancel", id)
    return state


def retry_job(jobs: Jobs, by: Caller, id: JobId) -> None:
    """Queue a failed or cancelled job again; see `store.retry`."""
    with jobs.work(by.tenant_id) as work:
        work.retry(id)
        note(work.conn, by, "job.retry", id)


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
        again = work.replay(ids)
        if again:
            note(work.conn, by, "jobs.replay", f"{len(again)} jobs", jobs=again)
    return again


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


def switch_schedule(jobs: Jobs, by: Caller, name: str, *, paused: bool) -> DictRow:
    """Pause a schedule or let it go on; see `schedule.pause_schedule` and `schedule.resume_schedule`."""
    with jobs.db.transaction(by.tenant_id) as conn:
        row = pause_schedule(conn, name) if paused else resume_schedule(conn, name)
        note(conn, by, "schedule.pause" if paused else "schedule.resume", name)
    return row


def end_schedule(jobs: Jobs, by: Caller, name: str) -> None:
    """End a schedule; see `schedule.drop_schedule`."""
    with jobs.db.transaction(by.tenant_id) as conn:
        drop_schedule(conn, name)
        note(conn, by, "schedule.drop", name)


def run_schedule(jobs: Jobs, by: Caller, name: str, key: str | None = None) -> Enqueued:
    """Make the job of a schedule now; see `schedule.run_now`."""
    with jobs.work(by.tenant_id) as work:
        made = run_now(work, name, key)
        if made.created:
            note(work.conn, by, "schedule.run", name, job=made.id)
    return made
