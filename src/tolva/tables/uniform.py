"""The SQL of frames whose rows are all alike: all of them new, or none of them a change."""

from psycopg import sql

from tolva.tables.ledger import LEDGER_COLUMNS, key_text, row_hash
from tolva.tables.phrases import TENANT, any_of, cell_of, comma, differs, new_columns, new_values, same_key
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE

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


def judge(shape: Shape, target: sql.Composable) -> sql.Composed:
    """Yields how many staged rows are known, and how many of those would change. For rows of different keys."""
    changes = any_of([differs(field, cell_of("target", field)) for field in shape.values])
    return sql.SQL(JUDGE).format(stage=STAGE, target=target, same=same_key(shape, "now"), changes=changes)


def insert(shape: Shape, target: sql.Composable, ledger: sql.Composable) -> sql.Composed:
    """Writes staged rows that are all new, of different keys. Yields and takes what `upsert` does."""
    return sql.SQL(INSERT).format(
        stage=STAGE,
        target=target,
        columns=comma(new_columns(shape)),
        values=comma(new_values(shape)),
        key_text=key_text(shape, "target"),
        hash=row_hash(shape, "target"),
        ledger=ledger,
        ledger_columns=LEDGER_COLUMNS,
        tenant=TENANT,
    )


def note(ledger: sql.Composable) -> sql.Composed:
    """Notes a chunk that changed nothing. Parameters: `job_id`, `last_row`, `unchanged`."""
    return sql.SQL(NOTE).format(ledger=ledger, ledger_columns=LEDGER_COLUMNS, tenant=TENANT)
