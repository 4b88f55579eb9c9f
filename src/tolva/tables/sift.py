"""Rows that pass the schema's checks and that the table refuses all the same: found, explained, the rest loaded.

A table can have rules that the schema does not know: foreign keys, its own checks, other unique indexes.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import psycopg

from tolva.tables.check import without
from tolva.tables.explain import ERROR_COLUMNS
from tolva.tables.ledger import Entry
from tolva.tables.load import MAX_KEYS, Loaded, prepare, write
from tolva.tables.refusal import REFUSALS
from tolva.tables.schema import Schema
from tolva.tables.shape import Shape
from tolva.tables.stage import empty_stage
from tolva.tables.trial import refusals, trial_errors
from tolva.tables.unique_conflicts import unique_conflicts

Write = Callable[[pl.DataFrame, Entry, Loaded | None, int], Loaded]
"""Writes a part of the frame: its rows, its line of the ledger, what it resembles, how many new keys to name."""


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
    """As `write`, and the rows (ERROR_COLUMNS) that the table refuses.

    Unique values are looked up; for anything else the rows are tried when the frame has failed. What none of the rows
    is refused for by itself (by a trigger for the whole statement, say), or cannot be staged, is looked for by halves.
    """
    if not good.height:
        return Loaded(), pl.DataFrame(schema=ERROR_COLUMNS)
    shape = Shape.of(schema, good.columns)
    prepare(conn, shape, constants, rehearsal=rehearsal)

    def write_part(part: pl.DataFrame, line: Entry, similar: Loaded | None, most: int) -> Loaded:
        conn.execute(empty_stage())
        done = write(conn, shape, part, constants, line, like=similar, rehearsal=rehearsal, keep=most)
        conn.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is deferred would fail at the commit, all of it
        return done

    taken = unique_conflicts(conn, shape, good, constants, rehearsal=rehearsal)
    free = without(good, taken)
    try:
        with conn.transaction():
            return write_part(free, entry, like, keep), taken
    except REFUSALS:
        tried = trial_errors(conn, shape, free, constants, rehearsal=rehearsal)
    rehearsed = schema.target if rehearsal else None
    loaded, refused = _sifted(conn, write_part, without(free, tried), entry, like, keep, rehearsed)
    return loaded, pl.concat([taken, tried, refused])


def _sifted(
    conn: psycopg.Connection[Any],
    write_part: Write,
    good: pl.DataFrame,
    entry: Entry,
    like: Loaded | None,
    keep: int,
    rehearsed: str | None,
) -> tuple[Loaded, pl.DataFrame]:
    if not good.height:
        return Loaded(), pl.DataFrame(schema=ERROR_COLUMNS)
    try:
        with conn.transaction():
            loaded = write_part(good, entry, like, keep)
        return loaded, pl.DataFrame(schema=ERROR_COLUMNS)
    except REFUSALS as error:
        if good.height == 1:
            row, said = int(good["row"][0]), error.diag
            reason = (row, said.column_name, said.message_primary, said.message_detail)
            return Loaded(), refusals([reason], rehearsed)
    half = good.height // 2
    # Each half has a line of the ledger for itself; the second keeps the chunk's.
    early, late = good.head(half), good.slice(half)
    line = replace(entry, last_row=int(early["row"][-1]))
    first, bad = _sifted(conn, write_part, early, line, None, keep, rehearsed)
    second, worse = _sifted(conn, write_part, late, entry, None, keep - len(first.created_keys), rehearsed)
    return first + second, pl.concat([bad, worse])
