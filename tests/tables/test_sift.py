"""Rows that the table refuses for rules of its own: each is explained, and the rest is loaded."""

from typing import Any, LiteralString

import polars as pl
import psycopg
import pytest

from tests.tables.conftest import LEDGER
from tolva.tables import sift
from tolva.tables.ddl import create_table
from tolva.tables.document import load_schema
from tolva.tables.ledger import Entry
from tolva.tables.load import Loaded
from tolva.tables.shadow import create_shadow

PARTS = load_schema(
    {
        "target": "parts",
        "primaryKey": ["shop", "code"],
        "fields": [
            {"name": "shop", "source": "params", "constraints": {"required": True, "maxLength": 90}},
            {"name": "code", "type": "integer", "constraints": {"required": True}},
            {"name": "size", "type": "integer", "default": 1},
            {"name": "part_of", "type": "integer"},
        ],
    }
)
MOMENTS = load_schema(
    {
        "target": "moments",
        "primaryKey": "code",
        "fields": [
            {"name": "code", "type": "integer", "constraints": {"required": True}},
            {"name": "badge", "type": "integer", "constraints": {"unique": True}},
            {"name": "at", "type": "datetime"},
        ],
    }
)
SHOP = "it's $trial$ \\ %s"
"""Nothing in a value is ever read as a statement."""
JOB = "00000000-0000-0000-0000-00000000000b"


@pytest.fixture
def parts(conn: psycopg.Connection) -> psycopg.Connection:
    conn.execute(create_table(PARTS))
    return conn


def put(
    conn: psycopg.Connection, *rows: tuple[int, int | None, int | None], dry: bool = False, last_row: int = 0
) -> Any:
    names = {"row": pl.Int64, "code": pl.Int64, "size": pl.Int64, "part_of": pl.Int64}
    good = pl.DataFrame([(number, *row) for number, row in enumerate(rows, 2)], schema=names, orient="row")
    entry = Entry(LEDGER, JOB, last_row)
    loaded, refused = sift.load_sifted(conn, PARTS, good, {"shop": SHOP}, entry, rehearsal=dry)
    return loaded, sorted(refused["row"])


@pytest.mark.parametrize(
    "rule",
    [
        "ALTER TABLE parts ADD CHECK (size <> 13)",
        "ALTER TABLE parts ADD CHECK (size IS NULL OR 26 % (size - 13) >= 0)",
        "CREATE TABLE sizes (size bigint PRIMARY KEY); INSERT INTO sizes VALUES (1), (5);"
        " ALTER TABLE parts ADD FOREIGN KEY (size) REFERENCES sizes",
        "CREATE TABLE sizes (size bigint PRIMARY KEY); INSERT INTO sizes VALUES (1), (5);"
        " ALTER TABLE parts ADD FOREIGN KEY (size) REFERENCES sizes DEFERRABLE INITIALLY DEFERRED",
        "CREATE UNIQUE INDEX ON parts ((CASE size WHEN 13 THEN size END));"
        " INSERT INTO parts VALUES ('t1', 'other', 1, 13)",
    ],
)
def test_any_rule_of_the_table_refuses_rows_and_not_their_chunk(
    parts: psycopg.Connection, written: list[int], rule: LiteralString
) -> None:
    parts.execute(rule)
    rows = [(n, 13 if n % 2 else None if n % 4 else 5, None) for n in range(40)]
    loaded, refused = put(parts, *rows)
    assert (loaded.created, refused) == (20, [n + 2 for n in range(40) if n % 2])
    assert written == [40, 20], "refused rows are not looked for by halves"
    stored = parts.execute("SELECT count(*), min(size), max(size) FROM parts WHERE shop = %s", [SHOP]).fetchone()
    assert stored == (20, 1, 5)


@pytest.mark.parametrize("dry", [False, True])
def test_a_refused_row_leaves_what_is_stored_and_what_follows_it(parts: psycopg.Connection, dry: bool) -> None:
    parts.execute("ALTER TABLE parts ADD CHECK (size <> 13)")
    put(parts, (1, 5, None), (2, 5, None))
    parts.execute(create_shadow(PARTS))
    again = put(parts, (1, 13, 7), (1, None, 8), (2, 13, None), (2, None, None), (3, None, None), dry=dry, last_row=1)
    assert again == (Loaded(1, 1, 1, ("3",)), [2, 4])
    if not dry:
        assert parts.execute("SELECT code, size, part_of FROM parts ORDER BY code").fetchall() == [
            (1, 5, 8),
            (2, 5, None),
            (3, 1, None),
        ]


def test_a_row_may_need_one_above_it(parts: psycopg.Connection) -> None:
    parts.execute("ALTER TABLE parts ADD FOREIGN KEY (tenant_id, shop, part_of) REFERENCES parts")
    loaded, refused = put(parts, (1, None, None), (2, None, 1), (3, None, 9), (4, None, 3), (5, None, 2))
    assert (loaded.created, refused) == (3, [4, 5])


def test_what_is_refused_as_a_whole_is_found_by_halves(parts: psycopg.Connection, written: list[int]) -> None:
    parts.execute(
        "CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT count(*) FROM made) > 2 THEN RAISE check_violation; END IF; RETURN NULL; END $$;"
        " CREATE TRIGGER few AFTER INSERT ON parts REFERENCING NEW TABLE AS made"
        " FOR EACH STATEMENT EXECUTE FUNCTION few()"
    )
    assert put(parts, *((n, None, None) for n in range(8)))[0].created == 8
    assert written == [8, 8, 4, 2, 2, 4, 2, 2]


@pytest.mark.parametrize("columns", [("code", "at"), ("code", "badge", "at")])
def test_what_cannot_be_staged_is_one_refused_row(conn: psycopg.Connection, columns: tuple[str, ...]) -> None:
    conn.execute(create_table(MOMENTS))
    at = [None, "+10000-01-01T04:59:59Z", "2026-01-01T00:00:00Z"]
    good = pl.DataFrame({"row": [2, 3, 4], "code": [1, 2, 3], "badge": [1, 2, 3], "at": at}).select("row", *columns)
    loaded, refused = sift.load_sifted(conn, MOMENTS, good, {}, Entry(LEDGER, JOB, 0))
    assert (loaded.created, refused["row"].to_list(), refused["code"].to_list()) == (2, [3], ["refused"])


@pytest.mark.parametrize("kind", ["raise_exception", "with_check_option_violation", "check_violation"])
def test_what_a_trigger_raises_is_told_of_its_row(parts: psycopg.Connection, written: list[int], kind: str) -> None:
    parts.execute(
        "CREATE FUNCTION no_13() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.size = 13 THEN"
        f" RAISE EXCEPTION USING MESSAGE = 'no 13', ERRCODE = '{kind}'; END IF; RETURN new; END $$;"
        " CREATE TRIGGER no_13 BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION no_13()"
    )
    loaded, refused = put(parts, (1, 5, None), (2, 13, None), (3, 5, None))
    assert (loaded.created, refused, written) == (2, [3], [3, 2])


@pytest.mark.parametrize(
    "columns",
    [
        "ADD id bigint GENERATED ALWAYS AS IDENTITY UNIQUE",
        "ADD id int GENERATED BY DEFAULT AS IDENTITY UNIQUE CHECK (id > 0)",
        "ADD id bigserial UNIQUE",
        "ADD twice bigint NOT NULL GENERATED ALWAYS AS (size * 2) STORED",
    ],
)
def test_a_dry_run_goes_as_its_load_where_the_database_fills_a_column(
    parts: psycopg.Connection, columns: LiteralString
) -> None:
    parts.execute("ALTER TABLE parts " + columns)
    put(parts, (1, 5, None), (2, 5, None))
    parts.execute(create_shadow(PARTS))
    rows = [(1, 6, None), (2, 5, None), (3, 5, None), (4, 5, None)]
    rehearsed = put(parts, *rows, dry=True, last_row=1)
    assert rehearsed == (Loaded(2, 1, 1, ("3", "4")), [])
    assert put(parts, *rows, last_row=2) == rehearsed
    if " id " in columns:
        assert parts.execute("SELECT max(id) FROM parts").fetchone() == (4,), "a dry run takes no numbers"
