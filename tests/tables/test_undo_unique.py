"""Undo where the table has unique values that went from row to row: each comes back to whom it was taken from."""

from typing import Any
from uuid import uuid4

import polars as pl
import psycopg
import pytest

from tests.tables.conftest import LEDGER
from tests.tables.test_undo import undo
from tests.tables.test_unique import PEOPLE, badges
from tolva.tables.ddl import create_table
from tolva.tables.ledger import Entry
from tolva.tables.load import Loaded
from tolva.tables.sift import load_sifted


@pytest.fixture
def people(conn: psycopg.Connection) -> psycopg.Connection:
    conn.execute(create_table(PEOPLE))
    return conn


def loaded(conn: psycopg.Connection, *rows: tuple[str, int | None]) -> tuple[Loaded, str]:
    names = {"row": pl.Int64, "code": pl.String, "badge": pl.Int64}
    good = pl.DataFrame([(number, *row) for number, row in enumerate(rows, 2)], schema=names, orient="row")
    job = str(uuid4())
    done, refused = load_sifted(conn, PEOPLE, good, {}, Entry(LEDGER, job, len(rows) + 1))
    assert refused.height == 0, refused
    return done, job


@pytest.mark.parametrize(
    "rows",
    [
        [("A", 9), ("N", 1)],
        [("A", 9), ("B", 1), ("C", 2), ("D", 3)],
        [("D", 9), ("C", 4), ("B", 3), ("A", 2)],
        [("A", 9), ("B", 1), ("A", 2)],
        [("A", 9), ("B", 1), ("N", 2), ("C", 8), ("M", 3)],
    ],
)
def test_values_that_a_load_moved_come_back(people: psycopg.Connection, rows: Any) -> None:
    loaded(people, ("A", 1), ("B", 2), ("C", 3), ("D", 4))
    first = badges(people)
    _, job = loaded(people, *rows)
    assert badges(people) != first
    assert not any(chunk.conflicts for chunk in undo(people, PEOPLE, job, {}))
    assert badges(people) == first


@pytest.mark.parametrize("several", [False, True])
def test_values_that_went_down_a_chunk_come_back_for_as_many_statements_however_many_they_are(
    people: psycopg.Connection, sent: list[str], several: bool
) -> None:
    """Each row took what the one above gave up, and a new one the last."""
    costs: list[int] = []
    for count in (8, 80):
        people.execute("DELETE FROM people")
        loaded(people, *((f"A{n:02}", n) for n in range(count)))
        first = badges(people)
        down = [("A00", 10_000), *((f"A{n:02}", n - 1) for n in range(1, count))]
        _, job = loaded(people, *down, *([("N", count - 1)] if several else []))
        sent.clear()
        [done] = undo(people, PEOPLE, job, {})
        assert (done.restored, done.removed, done.conflicts) == (count, int(several), ())
        assert badges(people) == first
        costs.append(len(sent))
    assert costs[0] == costs[1]


def test_values_that_known_rows_handed_on_to_new_ones_come_back_as_if_nothing_stood_in_the_way(
    people: psycopg.Connection, sent: list[str]
) -> None:
    loaded(people, *((f"A{n}", n) for n in range(8)))
    first = badges(people)
    costs: list[int] = []
    for handed_on in (100, 0):
        _, job = loaded(people, *(row for n in range(8) for row in ((f"A{n}", 200 + n), (f"N{n}", handed_on + n))))
        sent.clear()
        [done] = undo(people, PEOPLE, job, {})
        assert (done.restored, done.removed, done.conflicts) == (8, 8, ())
        assert badges(people) == first
        costs.append(len(sent))
    assert costs[0] == costs[1]


def test_rows_that_changed_ones_came_to_refer_to_are_removed_after_them(people: psycopg.Connection) -> None:
    people.execute("ALTER TABLE people ADD FOREIGN KEY (desk) REFERENCES people (code)")
    loaded(people, ("A", 1), ("B", 2))
    names = {"row": pl.Int64, "code": pl.String, "desk": pl.String}
    rows = [(2, "N", None), (3, "A", "N"), (4, "B", "N")]
    job = str(uuid4())
    good = pl.DataFrame(rows, schema=names, orient="row")
    load_sifted(people, PEOPLE, good, {}, Entry(LEDGER, job, 4))
    [done] = undo(people, PEOPLE, job, {})
    assert (done.restored, done.removed, done.conflicts) == (2, 1, ())


def test_a_value_that_somebody_else_took_meanwhile_is_a_conflict_of_its_row_alone(people: psycopg.Connection) -> None:
    loaded(people, ("A", 1), ("B", 2), ("C", 3))
    _, job = loaded(people, ("A", 7), ("B", 8), ("C", 9))
    people.execute("INSERT INTO people (code, badge) VALUES ('X', 2)")
    [done] = undo(people, PEOPLE, job, {})
    assert (done.restored, [conflict.key for conflict in done.conflicts]) == (2, ["B"])
    assert badges(people) == [("A", 1), ("B", 8), ("C", 3), ("X", 2)]
