"""Fields that the schema calls unique: in its table, within a file, and against rows that are stored already."""

from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from tests.tables.conftest import LEDGER
from tolva.errors import InvalidInput
from tolva.tables import survey as survey_module
from tolva.tables.ddl import create_table
from tolva.tables.document import load_schema
from tolva.tables.ledger import Entry
from tolva.tables.load import Loaded
from tolva.tables.map import match_headers
from tolva.tables.reading import open_source
from tolva.tables.schema import Schema
from tolva.tables.shadow import create_shadow
from tolva.tables.sift import load_sifted
from tolva.tables.survey import survey
from tolva.tables.target import check_target

DOCUMENT: dict[str, Any] = {
    "target": "people",
    "destination": "hr",
    "primaryKey": "code",
    "uniqueKeys": [["desk", "floor"]],
    "fields": [
        {"name": "code", "constraints": {"required": True, "maxLength": 9}},
        {"name": "badge", "type": "integer", "constraints": {"unique": True}},
        {"name": "desk", "constraints": {"maxLength": 9}},
        {"name": "floor", "type": "integer"},
    ],
}
PEOPLE = load_schema(DOCUMENT)
JOB = "00000000-0000-0000-0000-00000000000a"


@pytest.fixture
def people(conn: psycopg.Connection) -> psycopg.Connection:
    conn.execute(create_table(PEOPLE))
    return conn


def put(conn: psycopg.Connection, *rows: tuple[str, int | None], last_row: int = 0, dry: bool = False) -> Any:
    """The counts, and by row number what is said of the refused ones."""
    names = {"row": pl.Int64, "code": pl.String, "badge": pl.Int64}
    good = pl.DataFrame([(number, *row) for number, row in enumerate(rows, 2)], schema=names, orient="row")
    loaded, refused = load_sifted(conn, PEOPLE, good, {}, Entry(LEDGER, JOB, last_row), rehearsal=dry)
    return loaded, dict(refused.select("row", "message").rows())


def badges(conn: psycopg.Connection) -> list[Any]:
    return conn.execute("SELECT code, badge FROM people ORDER BY code").fetchall()


@pytest.mark.parametrize("dry", [False, True])
def test_a_stored_value_stays_with_its_row_and_the_rest_goes_on(people: psycopg.Connection, dry: bool) -> None:
    put(people, ("A", 1), ("B", 2), ("Z", None))
    people.execute(create_shadow(PEOPLE))
    loaded, said = put(people, ("C", 1), ("B", 2), ("D", 3), ("E", None), ("B", 1), last_row=1, dry=dry)
    assert loaded == Loaded(created=2, unchanged=1, created_keys=("D", "E"))
    assert set(said) == {2, 6}
    assert said[2] == 'badge: "1" ya está en la tabla, en la fila de code "A"'
    expected = [("A", 1), ("B", 2), ("Z", None)] if dry else [("A", 1), ("B", 2), ("D", 3), ("E", None), ("Z", None)]
    assert badges(people) == expected


@pytest.mark.parametrize("dry", [False, True])
def test_a_value_that_its_row_gives_up_above_is_free(people: psycopg.Connection, dry: bool) -> None:
    put(people, ("A", 1))
    people.execute(create_shadow(PEOPLE))
    assert put(people, ("A", 5), ("C", 1), last_row=1, dry=dry) == (Loaded(1, 1, 0, ("C",)), {})


@pytest.mark.parametrize("dry", [False, True])
def test_values_that_known_rows_hand_on_to_new_ones_are_written_at_once(
    people: psycopg.Connection, written: list[int], dry: bool
) -> None:
    put(people, *((f"A{n}", n) for n in range(8)))
    people.execute(create_shadow(PEOPLE))
    written.clear()
    rows = [row for n in range(8) for row in ((f"A{n}", 100 + n), (f"N{n}", n))]
    loaded, said = put(people, *rows, last_row=1, dry=dry)
    assert (loaded.created, loaded.updated, said, written) == (8, 8, {}, [16])


def test_a_dry_run_knows_what_its_earlier_chunks_would_have_put_there(people: psycopg.Connection) -> None:
    put(people, ("A", 1))
    people.execute(create_shadow(PEOPLE))
    put(people, ("A", 5), ("B", 6), dry=True, last_row=1)
    loaded, said = put(people, ("C", 1), ("D", 6), dry=True, last_row=2)
    assert (loaded.created, said) == (1, {3: 'badge: "6" ya está en la tabla, en la fila de code "B"'})


def test_a_dry_run_names_the_table_and_nothing_inside(people: psycopg.Connection) -> None:
    people.execute("ALTER TABLE people ADD CHECK (badge <> 13)")
    put(people, ("A", 1))
    people.execute(create_shadow(PEOPLE))
    rows = [("C", 5), ("D", 5), ("E", 13)]
    _, rehearsed = put(people, *rows, dry=True, last_row=1)
    _, said = put(people, *rows, last_row=2)
    refused = "La base de datos rechaza la fila: "
    assert rehearsed == {
        3: refused + 'duplicate key value violates unique constraint "people_badge_key"',
        4: refused + 'new row for relation "people" violates check constraint "people_badge_check"',
    }
    assert said.keys() == rehearsed.keys()
    assert all(said[row].startswith(rehearsed[row]) for row in said)


@pytest.mark.parametrize("columns", [("desk", "floor"), ("desk",)])
def test_a_dry_run_knows_who_holds_values_that_a_row_gives_in_part(
    people: psycopg.Connection, columns: tuple[str, ...]
) -> None:
    def seat(last_row: int, *rows: tuple[str, str, int | None], dry: bool = False) -> Any:
        names = {"code": pl.String, "desk": pl.String, "floor": pl.Int64}
        good = pl.DataFrame(rows, schema=names, orient="row").with_row_index("row", 2).cast({"row": pl.Int64})
        good = good if last_row == 0 else good.select("row", "code", *columns)
        loaded, refused = load_sifted(people, PEOPLE, good, {}, Entry(LEDGER, JOB, last_row), rehearsal=dry)
        return loaded, refused["row"].to_list()

    seat(0, ("A", "x", 1), ("B", "y", 1), ("C", "y", 2))
    people.execute(create_shadow(PEOPLE))
    rows = [("B", "x", None), ("C", "x", None)]
    assert seat(1, *rows, dry=True) == seat(2, *rows) == (Loaded(updated=1), [2])


def test_rows_that_repeat_a_value_name_the_row_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "ROWS", 2)
    file = tmp_path / "f"
    file.write_text(
        "code,badge,desk,floor\nA,1,x,1\nB,01,x,2\nC,,x,2\nA,1,y,1\nD,one,,1\nE,1,,1\n,7,,\nF,7,,\n", encoding="utf-8"
    )
    source = open_source(file, "csv", tmp_path)
    found = survey(source, match_headers(source.headers, PEOPLE), PEOPLE)
    assert found.repeats.rows() == [(3, 2, "badge"), (7, 2, "badge"), (4, 3, "desk, floor")]


def test_a_table_must_hold_what_the_schema_calls_unique(people: psycopg.Connection) -> None:
    assert check_target(people, PEOPLE)
    people.execute("ALTER TABLE people DROP CONSTRAINT people_badge_key")
    with pytest.raises(InvalidInput, match=r"fields\[1\].constraints.unique: 'people' has no unique index on badge"):
        check_target(people, PEOPLE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"constraints": {"unique": "yes"}}, "fields[1].constraints.unique: must be true or false"),
        (
            {"type": "string"},
            "fields[1].constraints.unique: 'badge' is a text and unique, so it needs a maxLength, at most 500",
        ),
        ({"default": "5"}, "fields[1].constraints.unique: a default would be the same"),
    ],
)
def test_what_cannot_be_unique_is_refused(change: dict[str, Any], said: str) -> None:
    key, field, *rest = DOCUMENT["fields"]
    with pytest.raises(InvalidInput) as error:
        load_schema({**DOCUMENT, "fields": [key, field | change, *rest]})
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([["desk", "flor"]], "uniqueKeys[0][1]: no field is called 'flor'"),
        ([["desk", "desk"]], "uniqueKeys[0][1]: 'desk' stands there already"),
        ([[]], "uniqueKeys[0]: must be a list with entries"),
        ("desk", None),
        ([["code"]], None),
    ],
)
def test_keys_beside_the_primary_one(keys: Any, said: str | None) -> None:
    document = {**DOCUMENT, "uniqueKeys": keys}
    if said is None:
        assert isinstance(load_schema(document), Schema)
        return
    with pytest.raises(InvalidInput) as error:
        load_schema(document)
    assert str(error.value) == said
