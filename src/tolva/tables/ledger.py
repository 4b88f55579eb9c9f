"""The ledger: what each chunk of a load did, kept in the transaction that did it. It is what undo goes by."""

import json
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

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


# The columns of tolva.load_ledger, which says what they hold.
PASSING_LEDGER = """
CREATE TEMP TABLE IF NOT EXISTS tolva_passing_ledger (
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
  left_created integer[],
  left_changed integer[],
  PRIMARY KEY (job_id, last_row)
)
"""
LEDGER_COLUMNS = sql.SQL(
    "job_id, last_row, tenant_id, created, updated, unchanged, created_keys, created_hashes, changed_rows,"
    " changed_keys, fields, was, became"
)
"""What a load writes of them."""
TAKE = "WITH taken AS (DELETE FROM {} RETURNING *) SELECT to_jsonb(taken) AS line FROM taken ORDER BY last_row"


def taken_lines(conn: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """The lines of the session's ledger as JSON objects; it is empty afterwards."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(sql.SQL(TAKE).format(PASSING)).fetchall()


def key_text(shape: Shape, source: str) -> sql.Composed:
    """The part of a row's key that comes from the file, as one text: itself, or a JSON array of several."""
    parts = [sql.SQL("{}::text").format(sql.Identifier(source, field.name)) for field in shape.key]
    return parts[0] if len(parts) == 1 else sql.SQL("jsonb_build_array({})::text").format(sql.SQL(", ").join(parts))


def key_parts(text: str, *, several: bool) -> list[str]:
    """The parts of a key, each as text, from what `key_text` has made of it.

    >>> key_parts("A1", several=False), key_parts('["A1", "2026-01-31"]', several=True)
    (['A1'], ['A1', '2026-01-31'])
    """
    return [str(part) for part in json.loads(text)] if several else [text]


def row_hash(shape: Shape, source: str) -> sql.Composed:
    """A 64-bit hash of all the schema's values in a row, but for its key."""
    fields = [field for field in shape.schema.fields if field.name not in shape.schema.key]
    values = [sql.SQL("{}::{}").format(sql.Identifier(source, field.name), column_type(field)) for field in fields]
    return sql.SQL("hash_record_extended(ROW({}), 0)").format(sql.SQL(", ").join(values))
