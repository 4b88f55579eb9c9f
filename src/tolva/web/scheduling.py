"""What people do to schedules, with a line in the audit log: for the API, the pages and the command line alike."""

from psycopg.rows import DictRow

from tolva.jobs import schedule
from tolva.jobs.schedule import Schedule
from tolva.jobs.store import Enqueued
from tolva.jobs.work import Jobs
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller


def put_schedule(jobs: Jobs, by: Caller, wanted: Schedule, *, new: bool = False) -> DictRow:
    """Make or change one; see `schedule.put_schedule`."""
    with jobs.db.transaction(by.tenant_id) as conn:
        row = schedule.put_schedule(conn, jobs.catalogue, by.tenant_id, wanted, new=new)
        note(conn, by, "schedule.put", wanted.name, cron=wanted.cron, timezone=wanted.timezone, kind=wanted.job.kind)
    return row


def drop_schedule(jobs: Jobs, by: Caller, name: str) -> None:
    """Delete one. Raises NotFound."""
    with jobs.db.transaction(by.tenant_id) as conn:
        schedule.drop_schedule(conn, name)
        note(conn, by, "schedule.drop", name)


def pause_schedule(jobs: Jobs, by: Caller, name: str) -> DictRow:
    """Let one make no more jobs. Raises NotFound."""
    with jobs.db.transaction(by.tenant_id) as conn:
        row = schedule.pause_schedule(conn, name)
        note(conn, by, "schedule.pause", name)
    return row


def resume_schedule(jobs: Jobs, by: Caller, name: str) -> DictRow:
    """Let one go on; see `schedule.resume_schedule`."""
    with jobs.db.transaction(by.tenant_id) as conn:
        row = schedule.resume_schedule(conn, name)
        note(conn, by, "schedule.resume", name)
    return row


def run_schedule(jobs: Jobs, by: Caller, name: str, key: str | None = None) -> Enqueued:
    """Make its job now; see `schedule.run_now`."""
    with jobs.work(by.tenant_id) as work:
        made = schedule.run_now(work, name, key)
        if made.created:
            note(work.conn, by, "schedule.run", name, job=made.id)
    return made
