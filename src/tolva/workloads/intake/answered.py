"""Questions that earlier uploads of a file have left open, and the job that has the answer."""

from tolva.core.job import JobId
from tolva.jobs.context import Context
from tolva.jobs.store import note_answer
from tolva.workloads.intake.sql import SQL

ANSWERED = 100
"""Earlier uploads of a file that one answers; the last ones."""


def answer_earlier(ctx: Context) -> None:
    """Note that this job has the answer: its file leaves no question open, whatever else may come of it.

    Answered are uploads of the same file for the same rows, also those whose jobs have yet to ask. Nothing else need
    have been said this time: another file may have taught the answer, or the schema may know it by now.
    """
    with ctx.transaction() as conn:
        asked = conn.execute(SQL["asked_before"], {"job_id": ctx.job_id, "most": ANSWERED}).fetchall()
        if asked:
            note_answer(conn, [JobId(str(each["job_id"])) for each in asked], ctx.job_id)
