"""The SQL of a load: the lock, and the one statement that writes and counts.

The statement is composed, since its columns are those of the file; every name goes through `sql.Identifier`.
"""

from collections.abc import Iterable

from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE

TENANT = sql.SQL("current_setting('app.tenant_id')")

# Two loads of one supplier would count the same new key twice, and could wait for each other's rows in a circle.
# So they take turns; other suppliers and tenants do not wait. The statement that follows takes its snapshot after
# the lock, so it sees what the load before has committed (in READ COMMITTED, the default). Writers that are not
# loads do not take the lock: ON CONFLICT keeps their rows and ours whole.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), current_setting('app.tenant_id'), {}), 0))"

# matched   each staged row beside the stored one; `_old_…` is what a blank means: the stored value, or for a new key
#           the default. LIMIT keeps the planner at one look-up in the key's index per staged row: with stale
#           statistics it would otherwise read all of the supplier's rows for every frame
# steps     whether each row changes the state that the row before it left in its key; a key's first row is compared
#           with what is stored. A frame without repeated keys has no second branch to compute
# fresh     the first row of each new key
# written   only the last state of a key, and only where it differs from what is stored
UPSERT = """
WITH matched AS MATERIALIZED (
    SELECT stage.*, target.tenant_id IS NOT NULL AS "_known"{old}
    FROM {stage} AS stage
    LEFT JOIN LATERAL (SELECT * FROM {target} AS target WHERE {same} LIMIT 1) AS target ON true
), steps AS (
    SELECT {changes} AS changed FROM matched AS now WHERE now."_nth" = 1 AND now."_known"
    UNION ALL
    SELECT {changes_again} FROM matched AS now
    JOIN {stage} AS before ON before."_key" = now."_key" AND before."_nth" = now."_nth" - 1
    WHERE now."_nth" > 1
), fresh AS (
    SELECT {label} AS label, "row" FROM matched WHERE "_nth" = 1 AND NOT "_known"
), written AS (
    INSERT INTO {target} ({columns})
    SELECT {values} FROM matched AS now
    WHERE now."_last" AND (NOT now."_known" OR {changes})
    ON CONFLICT ({key}) DO UPDATE SET {assignments}
)
SELECT (SELECT count(*) FROM fresh),
       (SELECT count(*) FROM steps WHERE changed),
       (SELECT count(*) FROM steps WHERE NOT changed),
       ARRAY(SELECT label FROM fresh ORDER BY "row" LIMIT %(keep)s)
"""


def lock(shape: Shape) -> sql.Composed:
    """Lets loads into one target, by one tenant, with the same constants take turns until the transaction ends."""
    parts = [sql.Literal(shape.schema.target), *(_constant(field) for field in shape.constants)]
    return sql.SQL(LOCK).format(_comma(parts))


def upsert(shape: Shape) -> sql.Composed:
    """Writes the staged rows. Yields one row: created, changed, unchanged, the first created keys.

    Parameters: `keep`, and `const_…` and `default_…` per constant and default.
    """
    target = sql.Identifier(shape.schema.target)
    written = [*shape.values, *shape.absent]
    columns = [sql.Identifier("tenant_id"), *map(_name, (*shape.constants, *shape.key, *written))]
    values = [
        TENANT,
        *map(_constant, shape.constants),
        *(_of("now", field) for field in shape.key),
        *(sql.SQL("coalesce({}, {})").format(_of("now", field), _old(field, "now")) for field in shape.values),
        *map(_default, shape.absent),
    ]
    updates = [sql.SQL("{} = {}").format(_name(field), _of("excluded", field)) for field in shape.values]
    return sql.SQL(UPSERT).format(
        stage=STAGE,
        target=target,
        old=_after_comma([_old_column(field) for field in shape.values]),
        same=_same_key(shape),
        changes=_any([_changes(field, _old(field, "now")) for field in shape.values]),
        changes_again=_any([_changes(field, _state_before(field)) for field in shape.values]),
        label=_label(shape.key),
        columns=_comma(columns),
        values=_comma(values),
        key=_comma([sql.Identifier(name) for name in ("tenant_id", *shape.schema.key)]),
        assignments=_comma([*updates, sql.SQL("updated_at = now()")]),
    )


def _changes(field: Field, state: sql.Composable) -> sql.Composed:
    cell = _of("now", field)
    return sql.SQL("({} IS NOT NULL AND {} IS DISTINCT FROM {})").format(cell, cell, state)


def _state_before(field: Field) -> sql.Composed:
    return sql.SQL("coalesce({}, {})").format(_of("before", field), _old(field, "now"))


def _same_key(shape: Shape) -> sql.Composed:
    parts = [sql.SQL("target.tenant_id = {}").format(TENANT)]
    parts += [sql.SQL("{} = {}").format(_of("target", field), _constant(field)) for field in shape.constants]
    parts += [sql.SQL("{} = {}").format(_of("target", field), _of("stage", field)) for field in shape.key]
    return sql.SQL(" AND ").join(parts)


def _old_column(field: Field) -> sql.Composed:
    old = sql.Identifier(f"_old_{field.name}")
    stored = _of("target", field)
    if field.default is None:
        return sql.SQL("{} AS {}").format(stored, old)
    return sql.SQL("CASE WHEN target.tenant_id IS NULL THEN {} ELSE {} END AS {}").format(_default(field), stored, old)


def _old(field: Field, source: str) -> sql.Identifier:
    return sql.Identifier(source, f"_old_{field.name}")


def _label(key: tuple[Field, ...]) -> sql.Composed:
    return sql.SQL("concat_ws(' / ', {})").format(_comma([_name(field) for field in key]))


def _name(field: Field) -> sql.Identifier:
    return sql.Identifier(field.name)


def _of(source: str, field: Field) -> sql.Identifier:
    return sql.Identifier(source, field.name)


def _constant(field: Field) -> sql.Composed:
    return sql.SQL("{}::{}").format(sql.Placeholder(f"const_{field.name}"), column_type(field))


def _default(field: Field) -> sql.Composed:
    return sql.SQL("{}::{}").format(sql.Placeholder(f"default_{field.name}"), column_type(field))


def _any(tests: list[sql.Composed]) -> sql.Composed:
    return sql.SQL("({})").format(sql.SQL(" OR ").join(tests or [sql.SQL("FALSE")]))


def _comma(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def _after_comma(parts: list[sql.Composed]) -> sql.Composed:
    return sql.Composed([sql.SQL(", ") + part for part in parts])
