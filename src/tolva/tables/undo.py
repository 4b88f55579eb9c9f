"""Puts back what one chunk of a load did, as its ledger tells; what has changed since is left alone and told.

A row that the load made is removed if it still holds what it held then. Of a row that it changed, each changed value is
put back if all of them are still what the load left there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from tolva.tables.phrases import parameters
from tolva.tables.put_back import remove, restore
from tolva.tables.refusal import REFUSALS
from tolva.tables.schema import Field, Schema
from tolva.tables.shape import Shape
from tolva.tables.taken import prepare_taken
from tolva.tables.turn import lock
from tolva.tables.undone import Part, UndoConflict, Undone


def undo_chunk(
    conn: psycopg.Connection[Any], schema: Schema, constants: Mapping[str, str], line: Mapping[str, Any]
) -> Undone:
    """Undoes a chunk, given its line of the ledger; a load is undone from its last chunk to its first.

    What the table does not allow (others refer to the row, say) is a conflict too. Runs in the caller's transaction,
    which has `app.tenant_id` set. Loads of the same target wait for it.
    """
    shape = Shape.of(schema, [field.name for field in schema.file_fields])
    values = parameters(shape, constants)
    conn.execute(lock(shape), values, prepare=False)
    fields = [schema.field(name) for name in line["fields"]]
    prepare_taken(conn, shape, fields)
    part = Part.of(line)
    done = again = _undone(conn, shape, fields, part, values)
    while again.removed + again.restored and (done.left_created or done.left_changed):
        # What has just been put back may have stood in the way: a unique value, a row that referred to another.
        part = part.only(done.left_created, done.left_changed)
        again = _undone(conn, shape, fields, part, values)
        done = done.then(again)
    return done


def _undone(
    conn: psycopg.Connection[Any], shape: Shape, fields: Sequence[Field], part: Part, values: dict[str, Any]
) -> Undone:
    """What the table refuses is looked for by halves.

    The later half comes first: where one row took a unique value that another gave up above it, it gives it back before
    that one wants it.
    """
    for made_first in (True, False):  # a made row may hold a unique value of a changed one, which may refer to it
        try:
            return _at_once(conn, shape, fields, part, values, made_first=made_first)
        except REFUSALS as refusal:
            if len(part.made) + len(part.changed) == 1:
                return _refused(part, refusal)
            if not (part.made and part.changed):
                break
    first, second = part.halves()
    later = _undone(conn, shape, fields, second, values)
    return _undone(conn, shape, fields, first, values) + later


def _at_once(
    conn: psycopg.Connection[Any],
    shape: Shape,
    fields: Sequence[Field],
    part: Part,
    values: dict[str, Any],
    *,
    made_first: bool,
) -> Undone:
    with conn.transaction():
        early = remove(conn, shape, part.made, values) if made_first else Undone()
        restored = restore(conn, shape, fields, part.changed, values)
        late = Undone() if made_first else remove(conn, shape, part.made, values)
        conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return restored + early + late


def _refused(part: Part, refusal: psycopg.Error) -> Undone:
    said = f"la base de datos no permite deshacerla: {refusal.diag.message_primary}"
    if part.made:
        [(n, key, _)] = part.made
        return Undone(conflicts=(UndoConflict(key, None, None, None, said),), left_created=(n,))
    [(n, key, row, *_)] = part.changed
    return Undone(conflicts=(UndoConflict(key, row, None, None, said),), left_changed=(n,))
