"""The ledger's columns are said in three places, of which none can read another: a migration, a table, a statement."""

import psycopg

from tolva.tables.ledger import LEDGER_COLUMNS, PASSING_LEDGER

COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


def test_the_three_say_the_same(admin: psycopg.Connection) -> None:
    admin.execute(PASSING_LEDGER)
    passing, kept = (
        admin.execute(COLUMNS, [table]).fetchall() for table in ("pg_temp.tolva_passing_ledger", "tolva.load_ledger")
    )
    assert passing == kept
    assert LEDGER_COLUMNS.as_string(None).split(", ") == [name for name, *_ in kept if not name.startswith("left_")]
