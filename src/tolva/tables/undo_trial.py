"""What of a chunk its table lets be put back: each staged row is tried by itself, and what it takes stays.

One call does it for all rows, inside the database: a refused row costs it a savepoint, not several round trips.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from tolva.tables.refusal import CONDITIONS
from tolva.tables.revert import Step

# The last row goes first: where it took a unique value that one above gave up, it gives it back before that one wants
# it. What is deferred is checked at once: it is this row's fault.
EACH = """
DECLARE
  staged record;
BEGIN
  SET CONSTRAINTS ALL IMMEDIATE;
  FOR staged IN SELECT stage.ctid AS "_at", stage.* FROM {stage} AS stage WHERE {again} ORDER BY {order} DESC LOOP
    BEGIN
      {step};
      IF FOUND THEN
        DELETE FROM {stage} AS stage WHERE stage.ctid = staged."_at";
      ELSIF staged."_said" IS NOT NULL THEN
        UPDATE {stage} AS stage SET "_said" = NULL WHERE stage.ctid = staged."_at";
      END IF;
    EXCEPTION WHEN {refusal} THEN
      UPDATE {stage} AS stage SET "_said" = SQLERRM WHERE stage.ctid = staged."_at";
    END;
  END LOOP;
END
"""


def try_each(conn: psycopg.Connection[Any], step: Step, values: Mapping[str, Any], *, again: bool) -> None:
    """Do it to one staged row after another; `again`, only to those that were refused before."""
    body = sql.SQL(EACH).format(
        stage=step.stage,
        again=sql.SQL('stage."_said" IS NOT NULL' if again else "TRUE"),
        order=sql.Identifier("stage", step.order),
        step=step.to_one,
        refusal=sql.SQL(CONDITIONS),
    )
    said = psycopg.ClientCursor(conn).mogrify(body, values)
    conn.execute(sql.SQL("DO {}").format(sql.Literal(said)), prepare=False)
