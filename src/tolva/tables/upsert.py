"""The SQL of any frame: one statement that judges, writes, counts and notes.

It is composed, since its columns are those of the file.
"""

from collections.abc import Iterable

from psycopg import sql

from tolva.tables.ledger import LEDGER_COLUMNS, key_text, row_hash
from tolva.tables.phrases import (
    TENANT,
    any_of,
    cell_of,
    comma,
    default,
    differs,
    name_of,
    new_columns,
    row_values,
    same_key,
    there,
    touched,
)
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE

# The general case.
# matched   each staged row beside the stored one; `_old_…` is what a blank means: the stored value, or for a new key
#           the default; `changes` whether it differs
# steps     whether each row changes the state that the row before it left in its key; a key's first row is compared
#           with what is stored. A frame without repeated keys has no second branch to compute
# fresh     the first row of each new key
# rewritten the last state of each known key where it differs from what is stored, found by its place, which spares a
#           second look-up; written: of each new one. It waits for the former, since a new row may take a unique value
#           that a known one gives up. A row that somebody else has made or changed since the snapshot is left out of
#           both; the last column tells, and the frame has to be judged anew
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
), rewritten AS (
    UPDATE {target} AS target SET {rewriting} FROM matched AS now
    WHERE target.ctid = now."_ctid" AND target.tableoid = now."_part"
      AND now."_last" AND now."_known" AND now."_changes"
    RETURNING true
), written AS (
    INSERT INTO {target} AS target ({columns})
    SELECT {values} FROM matched AS now WHERE now."_last" AND NOT now."_known"
      AND (SELECT count(*) FROM rewritten) >= 0
    ON CONFLICT ({key}) DO NOTHING
    RETURNING {key_text} AS key, {hash} AS hash
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


def upsert(shape: Shape, target: sql.Composable, ledger: sql.Composable) -> sql.Composed:
    """Writes the staged rows. Yields one row: created, changed, unchanged, the first created keys, whether all went.

    If not, somebody else was quicker to make or change a row, and it must be rolled back.

    Parameters: `keep`, `job_id`, `last_row`, and `const_…` and `default_…` per constant and default.
    """
    news = [sql.SQL("coalesce({}, {})").format(cell_of("now", field), _old(field, "now")) for field in shape.values]
    rewriting = [sql.SQL("{} = {}").format(name_of(field), new) for field, new in zip(shape.values, news, strict=True)]
    return sql.SQL(UPSERT).format(
        stage=STAGE,
        target=target,
        old=_after_comma([_old_column(shape, field) for field in shape.values]),
        same=same_key(shape, "stage"),
        changes_old=any_of([differs(field, _old(field, "now")) for field in shape.values]),
        changes_again=any_of([differs(field, _state_before(field)) for field in shape.values]),
        columns=comma(new_columns(shape)),
        values=comma(row_values(shape, news)),
        there=there(shape),
        key=comma(map(sql.Identifier, shape.schema.table_key)),
        rewriting=comma([*rewriting, touched(shape)]),
        now_key=key_text(shape, "now"),
        key_text=key_text(shape, "target"),
        hash=row_hash(shape, "target"),
        olds=_changed_texts(shape, [_old(field, "now") for field in shape.values]),
        news=_changed_texts(shape, [cell_of("now", field) for field in shape.values]),
        fields=sql.Literal([field.name for field in shape.values]),
        ledger=ledger,
        ledger_columns=LEDGER_COLUMNS,
        tenant=TENANT,
    )


def _changed_texts(shape: Shape, values: Iterable[sql.Composable]) -> sql.Composed:
    """One text per field that changes, null for the others."""
    texts = [
        sql.SQL("CASE WHEN {} THEN {}::text END").format(differs(field, _old(field, "now")), value)
        for field, value in zip(shape.values, values, strict=True)
    ]
    return comma(texts or [sql.SQL("NULL::text")])


def _state_before(field: Field) -> sql.Composed:
    return sql.SQL("coalesce({}, {})").format(cell_of("before", field), _old(field, "now"))


def _old_column(shape: Shape, field: Field) -> sql.Composed:
    old = sql.Identifier(f"_old_{field.name}")
    stored = cell_of("target", field)
    if field.default is None:
        return sql.SQL("{} AS {}").format(stored, old)
    case = "CASE WHEN {} THEN {} ELSE {} END AS {}"
    return sql.SQL(case).format(there(shape), stored, default(field), old)


def _old(field: Field, source: str) -> sql.Identifier:
    return sql.Identifier(source, f"_old_{field.name}")


def _after_comma(parts: list[sql.Composed]) -> sql.Composed:
    return sql.Composed([sql.SQL(", ") + part for part in parts])
