"""What was wrong with rows, kept for whoever has to mend them."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import polars as pl

from tolva.db.pool import Connection
from tolva.jobs.context import Context
from tolva.workloads.intake.sql import SQL


def note_errors(conn: Connection, ctx: Context, errors: pl.DataFrame) -> None:
    """Keep the errors (ERROR_COLUMNS) of one chunk, in the transaction that writes its good rows."""
    if errors.is_empty():
        return
    given = {name: errors[name].to_list() for name in ("row", "column", "value", "code", "message")}
    places = errors.select(pl.int_range(pl.len()).over("row").alias("n"))["n"].to_list()
    conn.execute(SQL["add_errors"], given | {"n": places, "job_id": ctx.job_id, "tenant_id": ctx.tenant_id})
