"""What people do to jobs, with a line in the audit log: for the API, the pages and the command line alike."""

from collections.abc import Sequence

from tolva.core.job import JobId, State
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


def replay_jobs(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> list[JobId]:
    """Queue those of these jobs again that failed or were cancelled, in one transaction; see `store.replay`."""
    with jobs.work(by.tenant_id) as work:
        again = work.replay(ids)
        if again:
            note(work.conn, by, "jobs.replay", f"{len(again)} jobs", jobs=again)
    return again
