"""Undo where others refer to what the load made: what can go goes, the rest is told, and goes when nothing does."""

import random
from uuid import uuid4

import polars as pl
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.tables.conftest import LEDGER, load
from tests.tables.test_load import SUPPLIER, frame
from tests.tables.test_undo import LAST_FIRST, undo
from tests.tables.test_undo_unique import loaded
from tests.tables.test_unique import PEOPLE, badges
from tolva.errors import Cancelled
from tolva.tables.ddl import create_table
from tolva.tables.ledger import Entry
from tolva.tables.schema import Schema
from tolva.tables.sift import load_sifted
from tolva.tables.undo import undo_chunk

REFUSED = "la base de datos no permite deshacerla: "
SINCE = "la fila cambió después de la carga"


@pytest.fixture
def people(conn: psycopg.Connection) -> psycopg.Connection:
    conn.execute(create_table(PEOPLE))
    conn.execute("CREATE TABLE orders (code text REFERENCES people)")
    return conn


def order(conn: psycopg.Connection, which: str) -> None:
    """Somebody orders from these people."""
    conn.execute(sql.SQL("INSERT INTO orders SELECT code FROM people WHERE {}").format(sql.SQL(which)))


def codes(conn: psycopg.Connection) -> list[str]:
    return [code for code, _ in badges(conn)]


def test_rows_that_others_refer_to_stay_until_they_no_longer_do(people: psycopg.Connection) -> None:
    loaded(people, ("Z", 0))
    _, job = loaded(people, *((f"A{n}", n) for n in range(1, 9)))
    order(people, "badge > 0")
    [done] = undo(people, PEOPLE, job, {})
    assert (done.removed, done.gone, len(done.left_created)) == (0, 0, 8)
    assert {conflict.key for conflict in done.conflicts} == {f"A{n}" for n in range(1, 9)}
    assert all(conflict.said.startswith(REFUSED) and '"orders"' in conflict.said for conflict in done.conflicts)
    people.execute("DELETE FROM orders WHERE code <> 'A3'")
    [done] = undo(people, PEOPLE, job, {})
    assert (done.removed, [conflict.key for conflict in done.conflicts]) == (7, ["A3"])
    people.execute("DELETE FROM orders")
    [done] = undo(people, PEOPLE, job, {})
    assert (done.removed, done.conflicts, badges(people)) == (1, (), [("Z", 0)])


def test_rows_that_nobody_refers_to_go_beside_those_that_stay(people: psycopg.Connection) -> None:
    _, job = loaded(people, *((f"A{n}", n) for n in range(10)))
    order(people, "badge % 2 = 0")
    people.execute("UPDATE people SET badge = 100 WHERE code = 'A5'")
    [done] = undo(people, PEOPLE, job, {})
    assert codes(people) == ["A0", "A2", "A4", "A5", "A6", "A8"]
    assert {c.key: c.said[:30] for c in done.conflicts} == {
        key: (SINCE if key == "A5" else REFUSED)[:30] for key in codes(people)
    }
    assert (done.removed, len(done.left_created)) == (4, 6)


@pytest.mark.parametrize("which", ["TRUE", "badge > 0", "badge % 2 = 0"])
def test_refused_rows_cost_as_many_statements_however_many_they_are(
    people: psycopg.Connection, sent: list[str], which: str
) -> None:
    costs: list[int] = []
    for count in (10, 100):
        _, job = loaded(people, *((f"A{n}", n) for n in range(count)))
        order(people, which)
        sent.clear()
        [done] = undo(people, PEOPLE, job, {})
        costs.append(len(sent))
        assert (done.removed, codes(people)) == (count - len(done.conflicts), sorted(c.key for c in done.conflicts))
        people.execute("DELETE FROM orders; DELETE FROM people")
    assert costs[0] == costs[1]


def test_of_rows_that_refer_to_one_another_in_any_order_those_stay_that_lead_to_one_in_use(
    people: psycopg.Connection,
) -> None:
    people.execute("ALTER TABLE people ADD FOREIGN KEY (desk) REFERENCES people (code)")
    chain = [(f"A{n:03}", f"A{n - 1:03}" if n else None) for n in range(60)]
    random.Random(3).shuffle(chain)
    good = pl.DataFrame(chain, schema={"code": pl.String, "desk": pl.String}, orient="row")
    job = str(uuid4())
    numbered = good.with_row_index("row", 2).cast({"row": pl.Int64})
    load_sifted(people, PEOPLE, numbered, {}, Entry(LEDGER, job, 61))
    order(people, "code = 'A029'")
    [done] = undo(people, PEOPLE, job, {})
    assert codes(people) == [f"A{n:03}" for n in range(30)] == sorted(c.key for c in done.conflicts)
    assert done.removed == 30


def test_a_row_that_goes_with_another_is_gone(people: psycopg.Connection) -> None:
    people.execute("ALTER TABLE people ADD FOREIGN KEY (desk) REFERENCES people (code) ON DELETE CASCADE")
    names = {"row": pl.Int64, "code": pl.String, "desk": pl.String}
    rows = [(2, "A", None), (3, "B", "A"), (4, "C", None)]
    job = str(uuid4())
    load_sifted(people, PEOPLE, pl.DataFrame(rows, schema=names, orient="row"), {}, Entry(LEDGER, job, 4))
    order(people, "code = 'C'")
    people.execute("UPDATE people SET badge = 1 WHERE code = 'B'")
    [done] = undo(people, PEOPLE, job, {})
    assert (done.removed, done.gone, [conflict.key for conflict in done.conflicts]) == (1, 1, ["C"])


def test_values_that_only_come_back_together_do_so_beside_a_refused_row_and_after_one(
    people: psycopg.Connection,
) -> None:
    """The unique values are checked at the end of the transaction, and two rows have exchanged theirs."""
    people.execute(
        "ALTER TABLE people DROP CONSTRAINT people_badge_key,"
        " ADD CONSTRAINT people_badge_key UNIQUE (badge) DEFERRABLE INITIALLY DEFERRED"
    )
    loaded(people, ("A", 1), ("B", 2), ("C", 3), ("D", 4))
    names = {"row": pl.Int64, "code": pl.String, "badge": pl.Int64}
    job = str(uuid4())
    for last, rows in ((4, [("A", 2), ("B", 1), ("M", 5)]), (7, [("C", 4), ("D", 3), ("N", 6)])):
        people.execute("SET CONSTRAINTS ALL DEFERRED")
        good = pl.DataFrame([(last - 2 + n, *row) for n, row in enumerate(rows)], schema=names, orient="row")
        load(people, PEOPLE, good, {}, Entry(LEDGER, job, last))
    order(people, "code IN ('M', 'N')")
    done = undo(people, PEOPLE, job, {})
    assert [(each.restored, [c.key for c in each.conflicts]) for each in done] == [(2, ["N"]), (2, ["M"])]
    assert badges(people) == [("A", 1), ("B", 2), ("C", 3), ("D", 4), ("M", 5), ("N", 6)]


def test_what_is_right_only_when_all_is_put_back_is_checked_then(people: psycopg.Connection) -> None:
    """The new row has the changed one's badge, which came to refer to it; the loads before have had it checked."""
    people.execute("ALTER TABLE people ADD FOREIGN KEY (desk) REFERENCES people (code) DEFERRABLE INITIALLY DEFERRED")
    loaded(people, ("A", 1))
    names = {"row": pl.Int64, "code": pl.String, "badge": pl.Int64, "desk": pl.String}
    rows = [(2, "A", 9, "N"), (3, "N", 1, "A")]
    job = str(uuid4())
    load_sifted(people, PEOPLE, pl.DataFrame(rows, schema=names, orient="row"), {}, Entry(LEDGER, job, 3))
    assert badges(people) == [("A", 9), ("N", 1)]
    [done] = undo(people, PEOPLE, job, {})
    assert (done.removed, done.restored, done.conflicts, badges(people)) == (1, 1, (), [("A", 1)])


def test_an_undo_that_is_cancelled_between_its_rounds_has_done_nothing_and_can_be_asked_again(
    people: psycopg.Connection,
) -> None:
    _, job = loaded(people, *((f"A{n}", n) for n in range(9)))
    order(people, "badge = 0")
    [line] = people.cursor(row_factory=dict_row).execute(sql.SQL(LAST_FIRST).format(LEDGER), [job]).fetchall()
    calls: list[int] = []

    def watch() -> None:
        calls.append(len(codes(people)))
        if len(calls) == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled), people.transaction():
        undo_chunk(people, PEOPLE, {}, line, watch)
    assert calls == [9, 1]
    assert len(codes(people)) == 9
    [done] = undo(people, PEOPLE, job, {})
    assert (done.removed, codes(people)) == (8, ["A0"])


def test_under_row_level_security_the_rows_of_others_are_left_alone(conn: psycopg.Connection, products: Schema) -> None:
    """Its role is an ordinary one; the keys are those of another tenant too."""
    conn.execute(
        "CREATE TABLE sold (tenant_id text, proveedor_id text, codigo text,"
        " FOREIGN KEY (tenant_id, proveedor_id, codigo) REFERENCES products (tenant_id, proveedor_id, codigo))"
    )
    rows = frame(*({"codigo": f"A{n}", "nombre": "100 %"} for n in range(4)))
    jobs = {tenant: str(uuid4()) for tenant in ("t2", "t1")}
    for tenant, job in jobs.items():
        conn.execute("SELECT set_config('app.tenant_id', %s, true)", [tenant])
        load(conn, products, rows, SUPPLIER, Entry(LEDGER, job, 5))
    conn.execute("INSERT INTO sold SELECT tenant_id, proveedor_id, codigo FROM products WHERE codigo = 'A2'")
    [done] = undo(conn, products, jobs["t1"])
    assert (done.removed, [conflict.key for conflict in done.conflicts]) == (3, ["A2"])
    conn.execute("SELECT set_config('app.tenant_id', 't2', true)")
    assert conn.execute("SELECT count(*) FROM products").fetchone() == (4,)
