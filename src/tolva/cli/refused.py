"""The first refused rows of a load, and where all of them are."""

from rich.console import Group
from rich.table import Table

from tolva.core.job import JobId
from tolva.jobs.work import Jobs
from tolva.workloads.catalog.sql import SQL

SHOWN = 5


def first_refused(jobs: Jobs, tenant_id: str, id: JobId) -> Group:
    """Nothing when no row was refused."""
    with jobs.db.transaction(tenant_id) as conn:
        rows = conn.execute(SQL["row_errors"], {"job_id": id, "row": 0, "n": -1, "most": SHOWN}).fetchall()
    if not rows:
        return Group()
    table = Table("row", "column", "value", "what to mend", title="first refused rows", title_justify="left", box=None)
    for row in rows:
        table.add_row(str(row["row"]), row["column"] or "", row["value"] or "", row["message"])
    return Group("", table, "", f"All of them: tolva jobs errors {id} > errors.csv")
