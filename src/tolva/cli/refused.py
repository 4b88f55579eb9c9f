"""The first refused rows of a load, and where all of them are."""

from tolva.cli.console import out, say
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, listing
from tolva.core.job import JobId
from tolva.jobs.work import Jobs
from tolva.workloads.intake.row_key import format_key
from tolva.workloads.intake.sql import SQL

SHOWN = 5


def show_refused(jobs: Jobs, tenant_id: str, id: JobId, hints: Hints, what: str = "refused rows") -> None:
    """Nothing when no row was refused."""
    with jobs.db.transaction(tenant_id) as conn:
        rows = conn.execute(SQL["row_errors"], {"job_id": id, "row": 0, "n": -1, "most": SHOWN}).fetchall()
    if not rows:
        return
    place = Column("row", right=True) if rows[0]["key"] is None else Column("key")
    columns = place, Column("column"), Column("value", wraps=True), Column("reason", wraps=True)
    cells = [
        (format_key(row["key"]) if row["key"] else row["row"], row["column"], row["value"], row["message"])
        for row in rows
    ]
    out.print("", listing(out, columns, cells, title=f"first {what}"), "", sep="\n")
    say(f"All of them: {hints.command('jobs', 'errors', id)} > errors.csv")
