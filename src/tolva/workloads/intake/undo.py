"""Asking for the undo of a load: a job of its own, which `undo_load` does."""

from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId, NewJob, State
from tolva.db.pool import Connection
from tolva.errors import CallerError, Conflict, NotFound
from tolva.jobs.work import Jobs
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.workloads.intake.accept import LOAD, REHEARSE
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.standing import last_undo, open_undo, standing_of, undo_key

UNDO = "undo"
"""The kind of job."""


def ask_undo(jobs: Jobs, by: Caller, load_id: str) -> JobId:
    """Make the job that undoes a load that has ended, however it ended; asked again, it is the same job.

    It is another one where the first has left something, or where a load that failed may have done more than is known.

    Raises NotFound for what is no load of this tenant; Conflict for a dry run or an undo, while the load runs, and
    where there is nothing to undo.
    """
    with jobs.work(by.tenant_id) as work:
        load = work.conn.execute(SQL["load_of"], {"job_id": load_id}).fetchone()
        if load is None or load["kind"] != LOAD:
            raise _no_load(load, load_id)
        if State(load["state"]) not in FINISHED:
            raise Conflict(f"Load {load_id} has not ended. Cancel it or wait, then undo it.")
        # one that failed may have done more, in another database, than it could tell: only its undo finds out
        if State(load["state"]) is State.COMPLETED and (done := _done_by(work.conn, load_id)):
            return done
        asked = {"undo_of": load_id, "filename": load["filename"]}
        undo = NewJob(UNDO, asked, unique_key=undo_key(load_id), label=load["label"])
        [made] = work.enqueue(undo)
        if made.created:
            note(work.conn, by, "load.undo", load_id, job=made.id)
    return made.id


def _done_by(conn: Connection, load_id: str) -> JobId | None:
    """The undo after which nothing of a load is left; None where something is. Raises Conflict where nothing was."""
    standing = standing_of(conn, load_id)
    if standing.left:
        return None
    if not standing.did:
        raise Conflict(f"Load {load_id} changed nothing in the table: there is nothing to undo.")
    if undo := open_undo(conn, load_id) or last_undo(conn, load_id):
        return undo
    # it was cancelled after its last chunk, or is too old to be kept
    raise Conflict(f"Load {load_id} is undone already: nothing of it is left in the table.")


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
