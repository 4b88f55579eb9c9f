"""Puts back what one chunk of a load did, as its ledger tells; what has changed since is left alone and told.

A row that the load made is removed if it still holds what it held then. Of a row that it changed, each changed value is
put back if all of them are still what the load left there.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.tables.columns import column_type
from tolva.tables.ledger import row_hash
from tolva.tables.phrases import parameters, same_key, there, touched
from tolva.tables.schema import Field, Schema
from tolva.tables.shape import Shape
from tolva.tables.sift import REFUSALS
from tolva.tables.turn import lock

MADE_NAME, CHANGED_NAME = "tolva_undo_made", "tolva_undo_changed"
MADE, CHANGED = (sql.Identifier("pg_temp", name) for name in (MADE_NAME, CHANGED_NAME))
CHANGED_SINCE, GONE = "la fila cambió después de la carga", "la fila ya no existe"

# gone      what could be removed; what remains of the made rows is in conflict: changed since, or removed already
REMOVE = """
WITH gone AS (
    DELETE FROM {target} AS target USING {taken} AS taken WHERE {same} AND {hash} = taken."_hash" RETURNING taken."_n"
)
SELECT taken."_n", taken."_key", EXISTS (SELECT FROM {target} AS target WHERE {same}) AS there
FROM {taken} AS taken WHERE NOT EXISTS (SELECT FROM gone WHERE gone."_n" = taken."_n") ORDER BY taken."_n"
"""
# restored  the rows whose changed values are still those that the load left
RESTORE = """
WITH restored AS (
    UPDATE {target} AS target SET {assignments} FROM {taken} AS taken WHERE {same} AND {untouched} RETURNING taken."_n"
)
SELECT taken."_n", taken."_row", taken."_key", {there} AS there, {states}
FROM {taken} AS taken LEFT JOIN {target} AS target ON {same}
WHERE NOT EXISTS (SELECT FROM restored WHERE restored."_n" = taken."_n") ORDER BY taken."_n"
"""


@dataclass(frozen=True)
class UndoConflict:
    """Something that the load did and that was not put back. `field` is None where the whole row is meant."""

    key: str
    row: int | None
    field: str | None
    now: str | None
    said: str


@dataclass(frozen=True)
class Undone:
    """What became of a chunk. `left_…` are the positions, in the chunk, of what is not put back."""

    removed: int
    restored: int
    conflicts: tuple[UndoConflict, ...]
    left_created: tuple[int, ...] = ()
    left_changed: tuple[int, ...] = ()

    def __add__(self, other: "Undone") -> "Undone":
        """Both, of one chunk."""
        return Undone(
            self.removed + other.removed,
            self.restored + other.restored,
            (*self.conflicts, *other.conflicts),
            (*self.left_created, *other.left_created),
            (*self.left_changed, *other.left_changed),
        )


Row = Sequence[Any]


@dataclass(frozen=True)
class _Part:
    """What of a chunk is to be put back, each with its position in the ledger's line."""

    made: Sequence[Row]
    """Position, key, hash."""
    changed: Sequence[Row]
    """Position, key, row of the file, values before, values after."""

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> "_Part":
        """Of a line of the ledger: all of it, or what an undo before had to leave."""
        made = _rows(line, "created_keys", "created_hashes")
        changed = _rows(line, "changed_keys", "changed_rows", "was", "became")
        left_created, left_changed = line["left_created"], line["left_changed"]
        return cls(made, changed) if left_created is None else cls(made, changed).only(left_created, left_changed)

    def only(self, created: Collection[int], changed: Collection[int]) -> "_Part":
        """What of it is at these positions."""
        made, altered = set(created), set(changed)
        return _Part([row for row in self.made if row[0] in made], [row for row in self.changed if row[0] in altered])

    def halves(self) -> "tuple[_Part, _Part]":
        """The changed rows and the made ones, or each half of those that there are."""
        if self.made and self.changed:
            return _Part((), self.changed), _Part(self.made, ())
        made, changed = len(self.made) // 2, len(self.changed) // 2
        return _Part(self.made[:made], self.changed[:changed]), _Part(self.made[made:], self.changed[changed:])


def _rows(line: Mapping[str, Any], *columns: str) -> Sequence[Row]:
    return [(n, *row) for n, row in enumerate(zip(*(line[name] for name in columns), strict=True))]


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
    _create(conn, MADE_NAME, _made_columns(shape))
    _create(conn, CHANGED_NAME, _changed_columns(shape, fields))
    part = _Part.of(line)
    done = again = _undone(conn, shape, fields, part, values)
    while again.removed + again.restored and (done.left_created or done.left_changed):
        # What has just been put back may have stood in the way: a unique value, a row that referred to another.
        part = part.only(done.left_created, done.left_changed)
        again = _undone(conn, shape, fields, part, values)
        done = replace(again, removed=done.removed + again.removed, restored=done.restored + again.restored)
    return done


def _undone(
    conn: psycopg.Connection[Any], shape: Shape, fields: Sequence[Field], part: _Part, values: dict[str, Any]
) -> Undone:
    """What the table refuses is looked for by halves."""
    try:
        with conn.transaction():
            done = _restore(conn, shape, fields, part.changed, values) + _remove(conn, shape, part.made, values)
            conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return done
    except REFUSALS as refusal:
        if len(part.made) + len(part.changed) == 1:
            return _refused(part, refusal)
    first, second = part.halves()
    return _undone(conn, shape, fields, first, values) + _undone(conn, shape, fields, second, values)


def _refused(part: _Part, refusal: psycopg.Error) -> Undone:
    said = f"la base de datos no permite deshacerla: {refusal.diag.message_primary}"
    if part.made:
        [(n, key, _)] = part.made
        return Undone(0, 0, (UndoConflict(key, None, None, None, said),), left_created=(n,))
    [(n, key, row, *_)] = part.changed
    return Undone(0, 0, (UndoConflict(key, row, None, None, said),), left_changed=(n,))


def _remove(conn: psycopg.Connection[Any], shape: Shape, made: Sequence[Row], values: dict[str, Any]) -> Undone:
    if not made:
        return Undone(0, 0, ())
    with conn.cursor(row_factory=tuple_row) as cursor:
        _fill(cursor, MADE, ([n, key, hash, *key_parts(key, shape)] for n, key, hash in made))
        statement = sql.SQL(REMOVE).format(
            target=sql.Identifier(shape.schema.target),
            taken=MADE,
            same=same_key(shape, "taken"),
            hash=row_hash(shape, "target"),
        )
        left = cursor.execute(statement, values, prepare=False).fetchall()
    conflicts = (UndoConflict(key, None, None, None, CHANGED_SINCE if there else GONE) for _, key, there in left)
    return Undone(len(made) - len(left), 0, tuple(conflicts), left_created=tuple(n for n, *_ in left))


def _restore(
    conn: psycopg.Connection[Any],
    shape: Shape,
    fields: Sequence[Field],
    changed: Sequence[Row],
    values: dict[str, Any],
) -> Undone:
    if not changed:
        return Undone(0, 0, ())
    rows = ([n, key, row, *key_parts(key, shape), *was, *became] for n, key, row, was, became in changed)
    with conn.cursor(row_factory=tuple_row) as cursor:
        _fill(cursor, CHANGED, rows)
        left = cursor.execute(_restore_statement(shape, fields), values, prepare=False).fetchall()
    conflicts = (conflict for _, *row in left for conflict in _altered(row, fields))
    return Undone(0, len(changed) - len(left), tuple(conflicts), left_changed=tuple(n for n, *_ in left))


def _restore_statement(shape: Shape, fields: Sequence[Field]) -> sql.Composed:
    cases = "{} = CASE WHEN {} IS NULL THEN {} ELSE {} END"
    assignments = [
        sql.SQL(cases).format(sql.Identifier(f.name), _became(f), sql.Identifier("target", f.name), _was(f))
        for f in fields
    ]
    untouched = [
        sql.SQL("({} IS NULL OR {} = {})").format(_became(field), sql.Identifier("target", field.name), _became(field))
        for field in fields
    ]
    states = [sql.SQL("{}::text, {}::text").format(sql.Identifier("target", f.name), _became(f)) for f in fields]
    return sql.SQL(RESTORE).format(
        target=sql.Identifier(shape.schema.target),
        taken=CHANGED,
        assignments=sql.SQL(", ").join([*assignments, touched(shape)]),
        there=there(shape),
        same=same_key(shape, "taken"),
        untouched=sql.SQL(" AND ").join(untouched),
        states=sql.SQL(", ").join(states),
    )


def _altered(row: Sequence[Any], fields: Sequence[Field]) -> list[UndoConflict]:
    """The fields of a row whose value is no longer the one that the load left."""
    number, key, there, *states = row
    if not there:
        return [UndoConflict(key, number, None, None, GONE)]
    pairs = zip(fields, states[::2], states[1::2], strict=True)
    altered = [
        UndoConflict(key, number, field.name, now, f"es {_shown(now)} ahora; la carga dejó {_shown(became)}")
        for field, now, became in pairs
        if became is not None and now != became
    ]
    return altered or [UndoConflict(key, number, None, None, CHANGED_SINCE)]  # by another, in this very moment


def _shown(value: str | None) -> str:
    return "vacío" if value is None else f'"{value[:60]}"'


Columns = list[tuple[str, sql.Composable]]


def _made_columns(shape: Shape) -> Columns:
    """Number, key as text, hash, the key's fields."""
    own: Columns = [("_n", sql.SQL("bigint")), ("_key", sql.SQL("text")), ("_hash", sql.SQL("bigint"))]
    return [*own, *((field.name, column_type(field)) for field in shape.key)]


def _changed_columns(shape: Shape, fields: Sequence[Field]) -> Columns:
    """Number, key as text, row of the file, the key's fields, and each field before and after."""
    own: Columns = [("_n", sql.SQL("bigint")), ("_key", sql.SQL("text")), ("_row", sql.SQL("bigint"))]
    key = ((field.name, column_type(field)) for field in shape.key)
    was = ((f"_was_{field.name}", column_type(field)) for field in fields)
    became = ((f"_became_{field.name}", column_type(field)) for field in fields)
    return [*own, *key, *was, *became]


def _create(conn: psycopg.Connection[Any], name: str, columns: Columns) -> None:
    """The transaction's temporary table of that name."""
    defined = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(name), kind) for name, kind in columns)
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("pg_temp", name)), prepare=False)
    create = sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(sql.Identifier(name), defined)
    conn.execute(create, prepare=False)


def _fill(cursor: psycopg.Cursor[Any], table: sql.Identifier, rows: Iterable[Sequence[object]]) -> None:
    """In place of what is in it."""
    cursor.execute(sql.SQL("DELETE FROM {}").format(table))
    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for row in rows:
            copy.write_row(row)


def key_parts(key: str, shape: Shape) -> list[str]:
    """The parts of a key that the ledger holds as one text."""
    return [key] if len(shape.key) == 1 else [str(part) for part in json.loads(key)]


def _was(field: Field) -> sql.Identifier:
    return sql.Identifier("taken", f"_was_{field.name}")


def _became(field: Field) -> sql.Identifier:
    return sql.Identifier("taken", f"_became_{field.name}")
