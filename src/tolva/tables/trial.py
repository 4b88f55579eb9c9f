"""Which rows of a frame their table would refuse: each is tried by itself, and all of it undone.

One call does it for all rows, inside the database: a refused row costs it a savepoint, not several round trips. Any
constraint can be the reason, and any trigger.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.tables.explain import ERROR_COLUMNS
from tolva.tables.phrases import (
    any_of,
    cell_of,
    comma,
    differs,
    name_of,
    new_columns,
    new_values,
    parameters,
    same_key,
    touched,
)
from tolva.tables.refusal import CONDITIONS, REFUSALS
from tolva.tables.shadow import SHADOW, SHADOW_NAME, fill_shadow
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE, empty_stage, fill_stage

# Rows are tried in file order, and those that go stay until the end, so that each meets what is above it. What is
# deferred is checked at once, since at the commit it would fail all of them.
BODY = """
DECLARE
  now record;
BEGIN
  SET CONSTRAINTS ALL IMMEDIATE;
  FOR now IN SELECT * FROM {stage} AS stage ORDER BY stage."row" LOOP
    BEGIN
      {update};
      IF NOT FOUND THEN
        {insert};
      END IF;
    EXCEPTION WHEN {refusal} THEN
      GET STACKED DIAGNOSTICS _column = COLUMN_NAME, _said = MESSAGE_TEXT, _detail = PG_EXCEPTION_DETAIL;
      _row := now."row";
      RETURN NEXT;
    END;
  END LOOP;
END
"""
CREATE = """
CREATE FUNCTION pg_temp.tolva_trial() RETURNS TABLE (_row bigint, _column text, _said text, _detail text)
LANGUAGE plpgsql AS {body}
"""


def trial_errors(
    conn: psycopg.Connection[Any], shape: Shape, good: pl.DataFrame, constants: Mapping[str, str], *, rehearsal: bool
) -> pl.DataFrame:
    """The rows (ERROR_COLUMNS) of a frame that the table refuses; see `write` for what it takes and needs.

    Where a row cannot even be staged, none is found.
    """
    try:
        return _tried(conn, shape, good, constants, rehearsal=rehearsal)
    except REFUSALS:
        return refusals([])


def _tried(
    conn: psycopg.Connection[Any], shape: Shape, good: pl.DataFrame, constants: Mapping[str, str], *, rehearsal: bool
) -> pl.DataFrame:
    table = SHADOW if rehearsal else sql.Identifier(shape.schema.target)
    values = parameters(shape, constants)
    statements = {
        "update": _update_one(shape, table),
        "insert": _insert_one(shape, table),
        "refusal": sql.SQL(CONDITIONS),
    }
    body = psycopg.ClientCursor(conn).mogrify(sql.SQL(BODY).format(stage=STAGE, **statements), values)
    with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(empty_stage())
        fill_stage(conn, shape, good)
        if rehearsal:
            cursor.execute(fill_shadow(shape), values, prepare=False)
        cursor.execute(sql.SQL(CREATE).format(body=sql.Literal(body)), prepare=False)
        refused = cursor.execute("SELECT * FROM pg_temp.tolva_trial()", prepare=False).fetchall()
        return refusals(refused, shape.schema.target if rehearsal else None)


def refusals(rows: list[tuple[int, str | None, str | None, str | None]], rehearsed: str | None = None) -> pl.DataFrame:
    """Refused rows (ERROR_COLUMNS), given the number of each, and column, message and detail as the database has it.

    `rehearsed` is the name of the table whose shadow says so.
    """
    lines = [
        (row, column or "", "", "refused", f"La base de datos rechaza la fila: {_told(message, detail, rehearsed)}")
        for row, column, message, detail in rows
    ]
    return pl.DataFrame(lines, schema=ERROR_COLUMNS, orient="row")


def _told(message: str | None, detail: str | None, rehearsed: str | None) -> str:
    """As the load would say it, nearly: the shadow's details are its own and left out."""
    if rehearsed is not None:
        return (message or "").replace(SHADOW_NAME, rehearsed)
    return ". ".join(filter(None, (message, detail)))


def _insert_one(shape: Shape, target: sql.Composable) -> sql.Composed:
    """Writes the row `now`, which is no table's, where its key is new."""
    known = sql.SQL("SELECT FROM {} AS target WHERE {}").format(target, same_key(shape, "now"))
    return sql.SQL("INSERT INTO {target} ({columns}) SELECT {values} WHERE NOT EXISTS ({known})").format(
        target=target,
        columns=comma(new_columns(shape)),
        values=comma(new_values(shape)),
        known=known,
    )


def _update_one(shape: Shape, target: sql.Composable) -> sql.Composed:
    """Writes the row `now`, which is no table's, where its key is known and it makes a difference."""
    assignments = [
        sql.SQL("{} = coalesce({}, {})").format(name_of(field), cell_of("now", field), cell_of("target", field))
        for field in shape.values
    ]
    return sql.SQL("UPDATE {target} AS target SET {assignments} WHERE {same} AND {changes}").format(
        target=target,
        assignments=comma([*assignments, touched(shape)]),
        same=same_key(shape, "now"),
        changes=any_of([differs(field, cell_of("target", field)) for field in shape.values]),
    )
