"""Asking for the undo of a load: a job of its own, which `undo_load` does."""

from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId, NewJob, State
from tolva.errors import CallerError, Conflict, NotFound
from tolva.jobs.work import Jobs
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.workloads.intake.accept import LOAD, REHEARSE
from tolva.workloads.intake.sql import SQL

UNDO = "undo"
"""The kind of job."""


def ask_undo(jobs: Jobs, by: Caller, load_id: str) -> JobId:
    """Make the job that undoes a load that has ended, however it ended; asked again, it is the same job.

    Raises NotFound for what is no load of this tenant, Conflict for a dry run or an undo, and while the load runs.
    """
    with jobs.work(by.tenant_id) as work:
        load = work.conn.execute(SQL["load_of"], {"job_id": load_id}).fetchone()
        if load is None or load["kind"] != LOAD:
            raise _no_load(load, load_id)
        if State(load["state"]) not in FINISHED:
            raise Conflict(f"Load {load_id} has not ended. Cancel it or wait, then undo it.")
        asked = {"undo_of": load_id, "filename": load["filename"]}
        undo = NewJob(UNDO, asked, unique_key=undo_key(load_id), label=load["label"])
        [made] = work.enqueue(undo)
        if made.created:
            note(work.conn, by, "load.undo", load_id, job=made.id)
    return made.id


def _no_load(job: DictRow | None, id: str) -> CallerError:
    """Why there is nothing to undo, and what to do instead."""
    if job and job["kind"] == REHEARSE:
        return Conflict(
            f"Job {id} was a dry run: it wrote nothing, and there is nothing to undo. What it foretold:"
            f" tolva jobs changes {id}, or GET /api/v1/jobs/{id}/changes."
        )
    if job and job["kind"] == UNDO:
        return Conflict(f"Job {id} is itself an undo. To have the load's changes again, load the file again.")
    return NotFound(f"There is no load {id}.")


def undo_key(load_id: str) -> str:
    """What makes the undo of a load one job at a time."""
    return f"undo {load_id}"
