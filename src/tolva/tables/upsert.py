"""The SQL of a load: the lock, and the statements that judge, write, count and note.

They are composed, since their columns are those of the file; every name goes through `sql.Identifier`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.ledger import key_text, row_hash
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE

TENANT = sql.SQL("current_setting('app.tenant_id')")

# Two loads of one supplier would count the same new key twice, and could wait for each other's rows in a circle.
# So they take turns; other suppliers and tenants do not wait. The statement that follows takes its snapshot after
# the lock, so it sees what the load before has committed (in READ COMMITTED, the default). Writers that are not
# loads do not take the lock: what they do meanwhile is noticed, and the frame judged anew.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), current_setting('app.tenant_id'), {}), 0))"

# What a frame's rows would do, if none repeats a key of another: how many are known, and how many of those change.
# LIMIT keeps the planner at one look-up in the key's index per staged row: with stale statistics it would otherwise
# read all of the supplier's rows for every frame.
JUDGE = """
SELECT count(*), count(*) FILTER (WHERE {changes})
FROM {stage} AS now JOIN LATERAL (SELECT * FROM {target} AS target WHERE {same} LIMIT 1) AS target ON true
"""

# Where all rows are new and none repeats a key. Whoever makes one of them at the same time, outside of a load, makes
# this fail as a whole; the frame is then judged anew.
INSERT = """
WITH written AS (
    INSERT INTO {target} AS target ({columns}) SELECT {values} FROM {stage} AS now
    RETURNING {key_text} AS key, {hash} AS hash
), noted AS (
    INSERT INTO {ledger} ({ledger_columns})
    SELECT %(job_id)s, %(last_row)s, {tenant}, count(*), 0, 0,
      array_agg(key), array_agg(hash), '{{}}', '{{}}', '{{}}', '{{}}', '{{}}' FROM written
)
SELECT count(*), 0, 0, ARRAY(SELECT key FROM written LIMIT %(keep)s) FROM written
"""

# Where a frame changes nothing: only that is noted.
NOTE = """
INSERT INTO {ledger} ({ledger_columns})
VALUES (%(job_id)s, %(last_row)s, {tenant}, 0, 0, %(unchanged)s, '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}')
"""

# The general case.
# matched   each staged row beside the stored one; `_old_…` is what a blank means: the stored value, or for a new key
#           the default; `_changes` whether it differs
# steps     whether each row changes the state that the row before it left in its key; a key's first row is compared
#           with what is stored. A frame without repeated keys has no second branch to compute
# fresh     the first row of each new key
# written   the last state of each new key; rewritten: of each known one where it differs from what is stored, found
#           by its place, which spares a second look-up. A row that somebody else has made or changed since the
#           snapshot is left out of both; the last column tells, and the frame has to be judged anew
# changed   of each known key, the values that change: before and after
UPSERT = """
WITH matched AS MATERIALIZED (
    SELECT now.*, {changes_old} AS "_changes" FROM (
        SELECT stage.*, target."_ctid", target."_part", {there} AS "_known"{old}
        FROM {stage} AS stage
        LEFT JOIN LATERAL (
            SELECT target.*, target.ctid AS "_ctid", target.tableoid AS "_part"
            FROM {target} AS target WHERE {same} LIMIT 1
        ) AS target ON true
    ) AS now
), steps AS (
    SELECT now."_changes" AS changed FROM matched AS now WHERE now."_nth" = 1 AND now."_known"
    UNION ALL
    SELECT {changes_again} FROM matched AS now
    JOIN {stage} AS before ON before."_key" = now."_key" AND before."_nth" = now."_nth" - 1
    WHERE now."_nth" > 1
), fresh AS (
    SELECT {now_key} AS key, "row" FROM matched AS now WHERE "_nth" = 1 AND NOT "_known"
), written AS (
    INSERT INTO {target} AS target ({columns})
    SELECT {values} FROM matched AS now WHERE now."_last" AND NOT now."_known"
    ON CONFLICT ({key}) DO NOTHING
    RETURNING {key_text} AS key, {hash} AS hash
), rewritten AS (
    UPDATE {target} AS target SET {rewriting} FROM matched AS now
    WHERE target.ctid = now."_ctid" AND target.tableoid = now."_part"
      AND now."_last" AND now."_known" AND now."_changes"
    RETURNING true
), made AS (
    SELECT array_agg(key) AS keys, array_agg(hash) AS hashes FROM written
), changed AS (
    SELECT array_agg(now."row") AS rows, array_agg({now_key}) AS keys,
      array_agg(ARRAY[{olds}]) AS was, array_agg(ARRAY[{news}]) AS became
    FROM matched AS now WHERE now."_last" AND now."_known" AND now."_changes"
), counts AS (
    SELECT (SELECT count(*) FROM fresh) AS created,
      (SELECT count(*) FROM steps WHERE changed) AS updated,
      (SELECT count(*) FROM steps WHERE NOT changed) AS unchanged
), noted AS (
    INSERT INTO {ledger} ({ledger_columns})
    SELECT %(job_id)s, %(last_row)s, {tenant}, counts.*, coalesce(made.keys, '{{}}'), coalesce(made.hashes, '{{}}'),
      coalesce(changed.rows, '{{}}'), coalesce(changed.keys, '{{}}'), {fields}, coalesce(changed.was, '{{}}'),
      coalesce(changed.became, '{{}}')
    FROM counts, made, changed
)
SELECT counts.*, ARRAY(SELECT key FROM fresh ORDER BY "row" LIMIT %(keep)s),
  (SELECT count(*) FROM written) + (SELECT count(*) FROM rewritten)
    = (SELECT count(*) FROM matched WHERE "_last" AND (NOT "_known" OR "_changes"))
FROM counts
"""

LEDGER_COLUMNS = sql.SQL(
    "job_id, last_row, tenant_id, created, updated, unchanged, created_keys, created_hashes, changed_rows,"
    " changed_keys, fields, was, became"
)


def lock(shape: Shape) -> sql.Composed:
    """Lets loads into one target, by one tenant, with the same constants take turns until the transaction ends."""
    parts = [sql.Literal(shape.schema.target), *(constant(field) for field in shape.constants)]
    return sql.SQL(LOCK).format(_comma(parts))


def judge(shape: Shape, target: sql.Composable) -> sql.Composed:
    """Yields how many staged rows are known, and how many of those would change. For rows of different keys."""
    changes = _any([_changes(field, _of("target", field)) for field in shape.values])
    return sql.SQL(JUDGE).format(stage=STAGE, target=target, same=same_key(shape, "now"), changes=changes)


def insert(shape: Shape, target: sql.Composable, ledger: sql.Composable) -> sql.Composed:
    """Writes staged rows that are all new, of different keys. Yields and takes what `upsert` does."""
    return sql.SQL(INSERT).format(
        stage=STAGE,
        target=target,
        columns=_comma(_columns(shape)),
        values=_comma(_new_values(shape)),
        key_text=key_text(shape, "target"),
        hash=row_hash(shape, "target"),
        ledger=ledger,
        ledger_columns=LEDGER_COLUMNS,
        tenant=TENANT,
    )


def insert_one(shape: Shape, target: sql.Composable) -> sql.Composed:
    """Writes the row `now`, which is no table's, where its key is new."""
    known = sql.SQL("SELECT FROM {} AS target WHERE {}").format(target, same_key(shape, "now"))
    return sql.SQL("INSERT INTO {target} ({columns}) SELECT {values} WHERE NOT EXISTS ({known})").format(
        target=target,
        columns=_comma(_columns(shape)),
        values=_comma(_new_values(shape)),
        known=known,
    )


def update_one(shape: Shape, target: sql.Composable) -> sql.Composed:
    """Writes the row `now`, which is no table's, where its key is known and it makes a difference."""
    assignments = [
        sql.SQL("{} = coalesce({}, {})").format(_name(field), _of("now", field), _of("target", field))
        for field in shape.values
    ]
    return sql.SQL("UPDATE {target} AS target SET {assignments} WHERE {same} AND {changes}").format(
        target=target,
        assignments=_comma([*assignments, touched(shape)]),
        same=same_key(shape, "now"),
        changes=_any([_changes(field, _of("target", field)) for field in shape.values]),
    )


def note(ledger: sql.Composable) -> sql.Composed:
    """Notes a chunk that changed nothing. Parameters: `job_id`, `last_row`, `unchanged`."""
    return sql.SQL(NOTE).format(ledger=ledger, ledger_columns=LEDGER_COLUMNS, tenant=TENANT)


def upsert(shape: Shape, target: sql.Composable, ledger: sql.Composable) -> sql.Composed:
    """Writes the staged rows. Yields one row: created, changed, unchanged, the first created keys, whether all went.

    If not, somebody else was quicker to make or change a row, and it must be rolled back.

    Parameters: `keep`, `job_id`, `last_row`, and `const_…` and `default_…` per constant and default.
    """
    news = [sql.SQL("coalesce({}, {})").format(_of("now", field), _old(field, "now")) for field in shape.values]
    rewriting = [sql.SQL("{} = {}").format(_name(field), new) for field, new in zip(shape.values, news, strict=True)]
    return sql.SQL(UPSERT).format(
        stage=STAGE,
        target=target,
        old=_after_comma([_old_column(shape, field) for field in shape.values]),
        same=same_key(shape, "stage"),
        changes_old=_any([_changes(field, _old(field, "now")) for field in shape.values]),
        changes_again=_any([_changes(field, _state_before(field)) for field in shape.values]),
        columns=_comma(_columns(shape)),
        values=_comma(_row_values(shape, news)),
        there=there(shape),
        key=_comma(map(sql.Identifier, shape.schema.table_key)),
        rewriting=_comma([*rewriting, touched(shape)]),
        now_key=key_text(shape, "now"),
        key_text=key_text(shape, "target"),
        hash=row_hash(shape, "target"),
        olds=_changed_texts(shape, [_old(field, "now") for field in shape.values]),
        news=_changed_texts(shape, [_of("now", field) for field in shape.values]),
        fields=sql.Literal([field.name for field in shape.values]),
        ledger=ledger,
        ledger_columns=LEDGER_COLUMNS,
        tenant=TENANT,
    )


def _columns(shape: Shape) -> list[sql.Identifier]:
    """The columns of a new row."""
    fields = (*shape.constants, *shape.key, *shape.values, *shape.absent)
    tenant = [sql.Identifier("tenant_id")] if shape.schema.tenanted else []
    return [*tenant, *map(_name, fields)]


def _new_values(shape: Shape) -> list[sql.Composable]:
    """The values of a row that is sure to be new."""
    given = [
        sql.SQL("coalesce({}, {})").format(_of("now", field), _default(field))
        if field.default is not None
        else _of("now", field)
        for field in shape.values
    ]
    return _row_values(shape, given)


def _row_values(shape: Shape, values: Iterable[sql.Composable]) -> list[sql.Composable]:
    """The values of a new row, in the order of `_columns`."""
    key = [_of("now", field) for field in shape.key]
    tenant = [TENANT] if shape.schema.tenanted else []
    return [*tenant, *map(constant, shape.constants), *key, *values, *map(_default, shape.absent)]


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
    return _name(shape.key[0])


def _changed_texts(shape: Shape, values: Iterable[sql.Composable]) -> sql.Composed:
    """One text per field that changes, null for the others."""
    texts = [
        sql.SQL("CASE WHEN {} THEN {}::text END").format(_changes(field, _old(field, "now")), value)
        for field, value in zip(shape.values, values, strict=True)
    ]
    return _comma(texts or [sql.SQL("NULL::text")])


def parameters(shape: Shape, constants: Mapping[str, str]) -> dict[str, Any]:
    """The values of `const_…` and `default_…`."""
    given = {f"const_{field.name}": constants.get(field.name) for field in shape.constants}
    return given | {f"default_{field.name}": field.default for field in shape.schema.fields}


def _changes(field: Field, state: sql.Composable) -> sql.Composed:
    cell = _of("now", field)
    return sql.SQL("({} IS NOT NULL AND {} IS DISTINCT FROM {})").format(cell, cell, state)


def _state_before(field: Field) -> sql.Composed:
    return sql.SQL("coalesce({}, {})").format(_of("before", field), _old(field, "now"))


def same_key(shape: Shape, staged: str) -> sql.Composed:
    """Whether the row `target` of the target has the key of the row `staged`."""
    return same_values(shape, staged, shape.schema.key)


def same_values(shape: Shape, staged: str, names: tuple[str, ...]) -> sql.Composed:
    """Whether the row `target` of the target, of this tenant, has in these fields what the row `staged` has."""
    parts = [sql.SQL("target.tenant_id = {}").format(TENANT)] if shape.schema.tenanted else []
    parts += [
        sql.SQL("{} = {}").format(_of("target", field), given)
        for field, given in [(f, constant(f)) for f in shape.constants]
        + [(f, _of(staged, f)) for f in (*shape.key, *shape.values)]
        if field.name in names
    ]
    return sql.SQL(" AND ").join(parts)


def _old_column(shape: Shape, field: Field) -> sql.Composed:
    old = sql.Identifier(f"_old_{field.name}")
    stored = _of("target", field)
    if field.default is None:
        return sql.SQL("{} AS {}").format(stored, old)
    case = "CASE WHEN {} THEN {} ELSE {} END AS {}"
    return sql.SQL(case).format(there(shape), stored, _default(field), old)


def _old(field: Field, source: str) -> sql.Identifier:
    return sql.Identifier(source, f"_old_{field.name}")


def _name(field: Field) -> sql.Identifier:
    return sql.Identifier(field.name)


def _of(source: str, field: Field) -> sql.Identifier:
    return sql.Identifier(source, field.name)


def constant(field: Field) -> sql.Composed:
    """What the request gives for a field, as a parameter."""
    return sql.SQL("{}::{}").format(sql.Placeholder(f"const_{field.name}"), column_type(field))


def _default(field: Field) -> sql.Composed:
    return sql.SQL("{}::{}").format(sql.Placeholder(f"default_{field.name}"), column_type(field))


def _any(tests: list[sql.Composed]) -> sql.Composed:
    return sql.SQL("({})").format(sql.SQL(" OR ").join(tests or [sql.SQL("FALSE")]))


def _comma(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def _after_comma(parts: list[sql.Composed]) -> sql.Composed:
    return sql.Composed([sql.SQL(", ") + part for part in parts])
