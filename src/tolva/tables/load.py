"""Good rows into their table: COPY into a staging table, then a statement that writes, counts and notes."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.errors import TryLater
from tolva.tables.ledger import Entry
from tolva.tables.load_lock import lock
from tolva.tables.phrases import parameters
from tolva.tables.sequence import states
from tolva.tables.shadow import SHADOW, fill_shadow
from tolva.tables.shape import Shape
from tolva.tables.stage import create_stage, fill_stage
from tolva.tables.uniform import insert, judge, note
from tolva.tables.upsert import upsert

MAX_KEYS = 1_000
RACES = 3
"""How often a frame is judged anew because somebody else was quicker to make or change one of its rows."""


@dataclass(frozen=True)
class Loaded:
    """What happened to the rows; the three counts add up to the frame's height."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    created_keys: tuple[str, ...] = ()
    """Keys of new rows in file order, at most `keep`; a key of several parts is a JSON array."""

    def __add__(self, other: "Loaded") -> "Loaded":
        """Both one after the other."""
        return Loaded(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            (*self.created_keys, *other.created_keys),
        )

    @property
    def uniform(self) -> bool:
        """Whether all rows were new, or none made a difference: then the next frame is likely to be like this one."""
        return not self.updated and not (self.created and self.unchanged)


def prepare(conn: psycopg.Connection[Any], shape: Shape, constants: Mapping[str, str], *, rehearsal: bool) -> None:
    """What `write` needs, once for all parts of a frame: its turn, and an empty staging table.

    Loads with the same tenant, target and constants take turns.
    """
    if not rehearsal:
        conn.execute(lock(shape), parameters(shape, constants), prepare=False)
    for statement in create_stage(shape):
        conn.execute(statement, prepare=False)


def write(
    conn: psycopg.Connection[Any],
    shape: Shape,
    good: pl.DataFrame,
    constants: Mapping[str, str],
    entry: Entry,
    *,
    like: Loaded | None,
    rehearsal: bool,
    keep: int,
) -> Loaded:
    """Writes the good rows of one frame and counts as if they had been applied one after another; the last wins.

    A blank keeps the stored value, and so does a column that `good` lacks; a new row gets the field's default.
    A row that changes nothing is not written. `constants` are the checked fields of source "params". What was done is
    noted in the ledger of `entry`. `like` is what became of the frame before, which this one probably resembles. With
    `rehearsal` it writes into the session's shadow of the target instead. Of the new keys `keep` are named. Runs in
    the caller's transaction, which has `app.tenant_id` set, after `prepare`; the staging table must be empty.
    """
    table = SHADOW if rehearsal else sql.Identifier(shape.schema.target)
    values = parameters(shape, constants) | {"job_id": entry.job_id, "last_row": entry.last_row, "keep": keep}
    staged = states(good, shape.schema.file_key)
    fill_stage(conn, shape, staged)
    with conn.cursor(row_factory=tuple_row) as cursor:
        if rehearsal:
            cursor.execute(fill_shadow(shape), values, prepare=False)
        if (like is None or like.uniform) and "_last" not in staged.columns:
            likely_new = like is not None and like.created > 0
            quickly = _load_uniform(cursor, shape, table, entry, values, good.height, likely_new=likely_new)
            if quickly is not None:
                return quickly
        return _load_any(cursor, upsert(shape, table, entry.table), values)


def _load_any(cursor: psycopg.Cursor[tuple[Any, ...]], statement: sql.Composed, values: dict[str, Any]) -> Loaded:
    """The general case. Raises TryLater where others change the frame's rows all the time."""
    for _ in range(RACES):
        with cursor.connection.transaction():
            row = cursor.execute(statement, values, prepare=False).fetchone()
            assert row is not None, "there is one row of counts"
            *counted, whole = row
            if whole:
                return _loaded(tuple(counted))
            raise psycopg.Rollback
    raise TryLater("Somebody else is changing the rows of this chunk.")


def _load_uniform(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    shape: Shape,
    table: sql.Composable,
    entry: Entry,
    values: dict[str, Any],
    rows: int,
    *,
    likely_new: bool,
) -> Loaded | None:
    """The two cases that need no general statement; None when the frame is neither."""
    if likely_new and (done := _insert(cursor, shape, table, entry, values)):
        return done
    for _ in range(RACES):
        judged = cursor.execute(judge(shape, table), values, prepare=False).fetchone()
        assert judged is not None, "an aggregate always yields a row"
        known, changes = judged
        if known == rows and not changes:
            cursor.execute(note(entry.table), values | {"unchanged": rows}, prepare=False)
            return Loaded(unchanged=rows)
        if known:
            return None
        if done := _insert(cursor, shape, table, entry, values):
            return done
    return None


def _insert(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    shape: Shape,
    table: sql.Composable,
    entry: Entry,
    values: dict[str, Any],
) -> Loaded | None:
    """Writes the frame if all its rows are new; None, and nothing done, if one is not."""
    try:
        with cursor.connection.transaction():
            return _loaded(cursor.execute(insert(shape, table, entry.table), values, prepare=False).fetchone())
    except psycopg.errors.UniqueViolation:
        return None


def _loaded(row: tuple[Any, ...] | None) -> Loaded:
    assert row is not None, "an aggregate always yields a row"
    created, updated, unchanged, keys = row
    return Loaded(created, updated, unchanged, tuple(keys))
