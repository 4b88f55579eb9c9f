"""Pieces of SQL that several statements share. Every name goes through `sql.Identifier`, every value is a parameter.

`now` is a staged row, `target` one of the target.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.schema import Field
from tolva.tables.shape import Shape

TENANT = sql.SQL("current_setting('app.tenant_id')")


def parameters(shape: Shape, constants: Mapping[str, str]) -> dict[str, Any]:
    """The values of `const_…` and `default_…`."""
    given = {f"const_{field.name}": constants.get(field.name) for field in shape.constants}
    return given | {f"default_{field.name}": field.default for field in shape.schema.fields}


def same_key(shape: Shape, staged: str) -> sql.Composed:
    """Whether the row `target` of the target has the key of the row `staged`."""
    return same_values(shape, staged, shape.schema.key)


def same_values(shape: Shape, staged: str, names: tuple[str, ...]) -> sql.Composed:
    """Whether the row `target` of the target, of this tenant, has in these fields what the row `staged` has."""
    parts = [sql.SQL("target.tenant_id = {}").format(TENANT)] if shape.schema.tenanted else []
    parts += [
        sql.SQL("{} = {}").format(cell_of("target", field), given)
        for field, given in [(f, constant(f)) for f in shape.constants]
        + [(f, cell_of(staged, f)) for f in (*shape.key, *shape.values)]
        if field.name in names
    ]
    return sql.SQL(" AND ").join(parts)


def differs(field: Field, state: sql.Composable) -> sql.Composed:
    """Whether the staged row gives a field another value than this; a blank gives none."""
    cell = cell_of("now", field)
    return sql.SQL("({} IS NOT NULL AND {} IS DISTINCT FROM {})").format(cell, cell, state)


def touched(shape: Shape) -> sql.Composed:
    """An assignment that every change makes: of the time, or where the table keeps none, of what stays as it is."""
    if shape.schema.tenanted:
        return sql.Composed([sql.SQL("updated_at = now()")])
    return sql.SQL("{0} = target.{0}").format(_sure(shape))


def there(shape: Shape) -> sql.Composed:
    """Whether an outer join has found a row of the target."""
    return sql.SQL("target.{} IS NOT NULL").format(_sure(shape))


def _sure(shape: Shape) -> sql.Identifier:
    """A column that no row of the target has empty."""
    return name_of(shape.key[0])


def new_columns(shape: Shape) -> list[sql.Identifier]:
    """The columns of a new row."""
    fields = (*shape.constants, *shape.key, *shape.values, *shape.absent)
    own = [sql.Identifier(name) for name in ("tenant_id", "updated_at")] if shape.schema.tenanted else []
    return [*own, *map(name_of, fields)]


def new_values(shape: Shape) -> list[sql.Composable]:
    """The values of a row that is sure to be new."""
    given = [
        sql.SQL("coalesce({}, {})").format(cell_of("now", field), default(field))
        if field.default is not None
        else cell_of("now", field)
        for field in shape.values
    ]
    return row_values(shape, given)


def row_values(shape: Shape, values: Iterable[sql.Composable]) -> list[sql.Composable]:
    """The values of a new row, in the order of `new_columns`."""
    key = [cell_of("now", field) for field in shape.key]
    own = [TENANT, sql.SQL("now()")] if shape.schema.tenanted else []
    return [*own, *map(constant, shape.constants), *key, *values, *map(default, shape.absent)]


def constant(field: Field) -> sql.Composed:
    """What the request gives for a field, as a parameter."""
    return sql.SQL("{}::{}").format(sql.Placeholder(f"const_{field.name}"), column_type(field))


def default(field: Field) -> sql.Composed:
    """What a new row gets in a field that its file leaves blank, as a parameter."""
    return sql.SQL("{}::{}").format(sql.Placeholder(f"default_{field.name}"), column_type(field))


def name_of(field: Field) -> sql.Identifier:
    """A field's column."""
    return sql.Identifier(field.name)


def cell_of(source: str, field: Field) -> sql.Identifier:
    """A field of a row of `now`, `target` and the like."""
    return sql.Identifier(source, field.name)


def any_of(tests: list[sql.Composed]) -> sql.Composed:
    """Whether one of these holds; of none, none does."""
    return sql.SQL("({})").format(sql.SQL(" OR ").join(tests or [sql.SQL("FALSE")]))


def comma(parts: Iterable[sql.Composable]) -> sql.Composed:
    """A list."""
    return sql.SQL(", ").join(parts)
