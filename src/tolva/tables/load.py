"""Good rows into their table: COPY into a staging table, then one statement that writes and counts."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import tuple_row

from tolva.tables.schema import Schema
from tolva.tables.sequence import states
from tolva.tables.shape import Shape
from tolva.tables.stage import copy_stage, create_stage
from tolva.tables.upsert import lock, upsert

MAX_KEYS = 1_000


@dataclass(frozen=True)
class Loaded:
    """What happened to the rows; the three counts add up to the frame's height."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    created_keys: tuple[str, ...] = ()
    """Keys of new rows in file order, at most `keep`; the parts of a longer key are joined by " / "."""


def load(
    conn: psycopg.Connection[Any],
    schema: Schema,
    good: pl.DataFrame,
    constants: Mapping[str, str],
    *,
    keep: int = MAX_KEYS,
) -> Loaded:
    """Writes the good rows of one frame and counts as if they had been applied one after another; the last wins.

    A blank keeps the stored value, and so does a column that `good` lacks; a new row gets the field's default.
    A row that changes nothing is not written. `constants` are the checked fields of source "params". Runs in the
    caller's transaction, which has `app.tenant_id` set. Loads with the same tenant, target and constants take turns.
    """
    if not good.height:
        return Loaded()
    shape = Shape.of(schema, good.columns)
    values = _parameters(shape, constants)
    with conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(lock(shape), values, prepare=False)
        for statement in create_stage(shape):
            cursor.execute(statement, prepare=False)
        with cursor.copy(copy_stage(shape)) as copy:
            copy.write(states(good, schema.file_key).select(shape.staged).write_csv(include_header=False))
        found = cursor.execute(upsert(shape), {**values, "keep": keep}, prepare=False).fetchone()
    assert found is not None, "an aggregate always yields a row"
    created, updated, unchanged, keys = found
    return Loaded(created, updated, unchanged, tuple(keys))


def _parameters(shape: Shape, constants: Mapping[str, str]) -> dict[str, str | None]:
    given = {f"const_{field.name}": constants.get(field.name) for field in shape.constants}
    return given | {f"default_{field.name}": field.default for field in shape.schema.fields}
