"""The ledger: what each chunk of a load did, kept in the transaction that did it. It is what undo goes by."""

from dataclasses import dataclass

from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.shape import Shape

OWN = sql.Identifier("tolva", "load_ledger")
"""The ledger of Tolva's own database."""
PASSING = sql.Identifier("pg_temp", "tolva_passing_ledger")
"""A ledger of the session alone, whose lines are carried over into Tolva's own: from a dry run, or another database."""


@dataclass(frozen=True)
class Entry:
    """Which line of which ledger a chunk writes. `last_row` is the number of the chunk's last row."""

    table: sql.Composable
    job_id: str
    last_row: int


# created_*   the new rows: their keys, and a hash of what they held when the chunk was done
# changed_*   the rows that were there: their keys, and the values of `fields` before and after, as text
LEDGER = """
CREATE {kind} {table} (
  job_id uuid NOT NULL,
  last_row bigint NOT NULL,
  tenant_id text NOT NULL,
  created bigint NOT NULL,
  updated bigint NOT NULL,
  unchanged bigint NOT NULL,
  created_keys text[] NOT NULL,
  created_hashes bigint[] NOT NULL,
  changed_rows bigint[] NOT NULL,
  changed_keys text[] NOT NULL,
  fields text[] NOT NULL,
  was text[] NOT NULL,
  became text[] NOT NULL,
  undone_at timestamptz,
  PRIMARY KEY (job_id, last_row)
)
"""


def ledger_table(table: sql.Composable) -> sql.Composed:
    """The statement that makes a ledger."""
    return sql.SQL(LEDGER).format(table=table, kind=sql.SQL("TABLE"))


def passing_ledger() -> sql.Composed:
    """The statement that makes the session's ledger, when it is absent."""
    return sql.SQL(LEDGER).format(
        table=sql.Identifier("tolva_passing_ledger"), kind=sql.SQL("TEMP TABLE IF NOT EXISTS")
    )


def take_passing() -> sql.Composed:
    """Yields the lines of the session's ledger, and empties it."""
    return sql.SQL("WITH taken AS (DELETE FROM {} RETURNING *) SELECT * FROM taken ORDER BY last_row").format(PASSING)


def key_text(shape: Shape, source: str) -> sql.Composed:
    """The part of a row's key that comes from the file, as one text: itself, or a JSON array of several."""
    parts = [sql.SQL("{}::text").format(sql.Identifier(source, field.name)) for field in shape.key]
    return parts[0] if len(parts) == 1 else sql.SQL("jsonb_build_array({})::text").format(sql.SQL(", ").join(parts))


def row_hash(shape: Shape, source: str) -> sql.Composed:
    """A 64-bit hash of all the schema's values in a row, but for its key."""
    fields = [field for field in shape.schema.fields if field.name not in shape.schema.key]
    values = [sql.SQL("{}::{}").format(sql.Identifier(source, field.name), column_type(field)) for field in fields]
    return sql.SQL("hash_record_extended(ROW({}), 0)").format(sql.SQL(", ").join(values))
