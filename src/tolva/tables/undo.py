"""Puts back what one chunk of a load did, as its ledger tells; what has changed since is left alone and told.

A row that the load made is removed if it still holds what it held then. Of a row that it changed, each changed value is
put back if all of them are still what the load left there.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.tables.load_lock import lock
from tolva.tables.phrases import parameters
from tolva.tables.reading.watch import Watch, unwatched
from tolva.tables.refusal import REFUSALS
from tolva.tables.revert import Step, deletion, restoration
from tolva.tables.schema import Schema
from tolva.tables.shape import Shape
from tolva.tables.undo_left import undone
from tolva.tables.undo_stage import CHANGED, MADE, stage_part
from tolva.tables.undo_trial import try_each
from tolva.tables.undone import Part, Undone

TRIES = 50_000
"""About how many times rows of one chunk are tried by themselves; what the table refuses still is left as it is."""
STAGED = """
SELECT count(*), count("_said") FROM (SELECT "_said" FROM {made} UNION ALL SELECT "_said" FROM {changed}) AS staged
"""


def undo_chunk(
    conn: psycopg.Connection[Any],
    schema: Schema,
    constants: Mapping[str, str],
    line: Mapping[str, Any],
    watch: Watch = unwatched,
) -> Undone:
    """Undoes a chunk, given its line of the ledger; a load is undone from its last chunk to its first.

    What the table does not allow (others refer to the row, say) is a conflict too. Runs in the caller's transaction,
    which has `app.tenant_id` set. Loads of the same target wait for it. Raises what `watch` raises.
    """
    shape = Shape.of(schema, [field.name for field in schema.file_fields])
    values = parameters(shape, constants)
    conn.execute(lock(shape), values, prepare=False)
    fields, part = [schema.field(name) for name in line["fields"]], Part.of(line)
    stage_part(conn, shape, fields, part)
    steps = [restoration(shape, fields)] if part.changed else []
    steps += [deletion(shape)] if part.made else []
    # A made row may hold a unique value of a changed one, which may refer to it: so either can have to be the first.
    if not any(_all_at_once(conn, order, values) for order in permutations(reversed(steps))):
        _in_rounds(conn, steps, values, watch)
    return undone(conn, shape, fields, part, values)


def _all_at_once(conn: psycopg.Connection[Any], steps: Sequence[Step], values: Mapping[str, Any]) -> bool:
    """Do these to all staged rows; False, and nothing done, where the table refuses one of them."""
    try:
        with conn.transaction():
            conn.execute("SET CONSTRAINTS ALL DEFERRED")
            for step in steps:
                conn.execute(step.to_all, values, prepare=False)
            conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except REFUSALS:
        return False
    return True


def _in_rounds(conn: psycopg.Connection[Any], steps: Sequence[Step], values: Mapping[str, Any], watch: Watch) -> None:
    """What is put back may have stood in the way of what was refused, which is tried again while that helps."""
    tries, again = 0, False
    left, refused = _staged(conn)
    while tries < TRIES:
        watch()
        tries += refused if again else left
        for step in steps:
            if not _all_at_once(conn, [step], values):
                try_each(conn, step, values, again=again)
        before, (left, refused) = left, _staged(conn)
        if left == before or not refused:
            return
        again = True


def _staged(conn: psycopg.Connection[Any]) -> tuple[int, int]:
    """How many rows are in the stage, and how many of them were refused."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(sql.SQL(STAGED).format(made=MADE, changed=CHANGED), prepare=False).fetchone()
    assert row is not None, "an aggregate always yields a row"
    left, refused = row
    return left, refused
