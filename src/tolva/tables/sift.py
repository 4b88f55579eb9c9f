"""Rows that pass the schema's checks and that the table refuses all the same: found, explained, the rest loaded.

A table can have rules that the schema does not know: foreign keys, its own checks, other unique indexes.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import psycopg

from tolva.tables.explain import ERROR_COLUMNS
from tolva.tables.ledger import Entry
from tolva.tables.load import MAX_KEYS, Loaded, load
from tolva.tables.schema import Schema

REFUSALS = (psycopg.IntegrityError, psycopg.DataError)


def load_sifted(
    conn: psycopg.Connection[Any],
    schema: Schema,
    good: pl.DataFrame,
    constants: Mapping[str, str],
    entry: Entry,
    *,
    like: Loaded | None = None,
    rehearsal: bool = False,
    keep: int = MAX_KEYS,
) -> tuple[Loaded, pl.DataFrame]:
    """As `load`, and the rows (ERROR_COLUMNS) that the table refuses: these are looked for by halves."""
    try:
        with conn.transaction():
            loaded = load(conn, schema, good, constants, entry, like=like, rehearsal=rehearsal, keep=keep)
            conn.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is deferred would fail at the commit, all of it
        return loaded, pl.DataFrame(schema=ERROR_COLUMNS)
    except REFUSALS as refusal:
        if good.height == 1:
            return Loaded(), _refused(int(good["row"][0]), refusal)
    half = good.height // 2
    # Each half has a line of the ledger for itself; the second keeps the chunk's.
    early, late = good.head(half), good.slice(half)
    before = replace(entry, last_row=int(early["row"][-1]))
    first, bad = load_sifted(conn, schema, early, constants, before, rehearsal=rehearsal, keep=keep)
    keep -= len(first.created_keys)
    second, worse = load_sifted(conn, schema, late, constants, entry, rehearsal=rehearsal, keep=keep)
    return first + second, pl.concat([bad, worse])


def _refused(row: int, refusal: psycopg.Error) -> pl.DataFrame:
    said = ". ".join(filter(None, (refusal.diag.message_primary, refusal.diag.message_detail)))
    message = f"La base de datos rechaza la fila: {said}"
    column = refusal.diag.column_name or ""
    line = {"row": row, "column": column, "value": "", "code": "refused", "message": message}
    return pl.DataFrame([line], schema=ERROR_COLUMNS)
