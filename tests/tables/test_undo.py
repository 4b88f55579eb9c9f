"""A rehearsal foretells a load to the last value, and undo takes it back to the last value."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.rows import dict_row

from tests.tables.conftest import LEDGER, load
from tests.tables.test_load import SUPPLIER, frame, loads, stored
from tolva.tables import shadow
from tolva.tables.document import load_schema
from tolva.tables.ledger import PASSING, PASSING_LEDGER, Entry
from tolva.tables.load import Loaded
from tolva.tables.schema import Schema
from tolva.tables.undo import undo_chunk
from tolva.tables.undone import UndoConflict, Undone

TIMES = ("created_at", "updated_at")


def held(conn: psycopg.Connection) -> dict[str, dict[str, Any]]:
    """The table without its times."""
    return {key: {n: v for n, v in row.items() if n not in TIMES} for key, row in stored(conn).items()}


def numbered(frames: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Frames of one file: their rows follow each other."""
    last = 1
    for each in frames:
        yield each.with_columns(row=pl.int_range(last + 1, last + 1 + pl.len(), dtype=pl.Int64))
        last += each.height


def run(conn: psycopg.Connection, schema: Schema, frames: list[pl.DataFrame], job: str, *, real: bool) -> list[Loaded]:
    done: list[Loaded] = []
    for each in numbered(frames):
        entry = Entry(LEDGER if real else PASSING, job, int(each["row"][-1]))
        like = done[-1] if done else None
        done.append(load(conn, schema, each, SUPPLIER, entry, like=like, rehearsal=not real))
    return done


def lines(conn: psycopg.Connection, table: sql.Composable, job: str) -> list[dict[str, Any]]:
    """The ledger of a job, each chunk's keys in order."""
    query = sql.SQL("SELECT * FROM {} WHERE job_id = %s ORDER BY last_row").format(table)
    found = conn.cursor(row_factory=dict_row).execute(query, [job]).fetchall()
    for line in found:
        line["created_keys"] = sorted(zip(line["created_keys"], line.pop("created_hashes"), strict=True))
        changed = zip(
            line.pop("changed_rows"), line.pop("changed_keys"), line.pop("was"), line.pop("became"), strict=True
        )
        line["changed"] = sorted(changed)
    return found


LAST_FIRST = "SELECT * FROM {} WHERE job_id = %s ORDER BY last_row DESC"
MARK = "UPDATE {} SET left_created = %s, left_changed = %s WHERE job_id = %s AND last_row = %s"


def undo(conn: psycopg.Connection, schema: Schema, job: str, constants: dict[str, str] = SUPPLIER) -> list[Undone]:
    done: list[Undone] = []
    cursor = conn.cursor(row_factory=dict_row)
    for line in cursor.execute(sql.SQL(LAST_FIRST).format(LEDGER), [job]).fetchall():
        chunk = undo_chunk(conn, schema, constants, line)
        left = [list(chunk.left_created), list(chunk.left_changed)]
        conn.execute(sql.SQL(MARK).format(LEDGER), [*left, job, line["last_row"]])
        done.append(chunk)
    return done


def rehearse(conn: psycopg.Connection, schema: Schema, frames: list[pl.DataFrame], job: str) -> list[Loaded]:
    conn.execute("DROP TABLE IF EXISTS pg_temp.tolva_shadow, pg_temp.tolva_passing_ledger")
    conn.execute(shadow.create_shadow(schema))
    conn.execute(PASSING_LEDGER)
    return run(conn, schema, frames, job, real=False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=loads(), frames=loads())
def test_a_rehearsal_equals_the_load_and_undo_restores_exactly(
    conn: psycopg.Connection, products: Schema, before: list[pl.DataFrame], frames: list[pl.DataFrame]
) -> None:
    conn.execute("DELETE FROM products")  # what other tests have left
    schema, job = products.with_defaults({"moneda": "EUR"}), str(uuid4())
    run(conn, schema, before, str(uuid4()), real=True)
    first = held(conn)
    foretold = rehearse(conn, schema, frames, job)
    foretold_lines = lines(conn, PASSING, job)
    assert held(conn) == first
    assert run(conn, schema, frames, job, real=True) == foretold
    assert lines(conn, LEDGER, job) == foretold_lines
    done = undo(conn, schema, job)
    assert held(conn) == first
    assert [chunk.conflicts for chunk in done] == [()] * len(frames)
    conn.rollback()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=loads(), frames=loads(), data=st.data())
def test_undo_leaves_alone_and_lists_what_has_changed_since(
    conn: psycopg.Connection,
    products: Schema,
    before: list[pl.DataFrame],
    frames: list[pl.DataFrame],
    data: st.DataObject,
) -> None:
    conn.rollback()  # what an example that failed has left
    conn.execute("DELETE FROM products")  # and what other tests have
    job = str(uuid4())
    run(conn, products, before, str(uuid4()), real=True)
    first = held(conn)
    frames = frames[:1]
    run(conn, products, frames, job, real=True)
    after = held(conn)
    touched = data.draw(st.sets(st.sampled_from(sorted(after))))
    field = data.draw(st.sampled_from(["nombre", "descripcion"]))
    for key in touched:
        conn.execute(sql.SQL("UPDATE products SET {} = 'other' WHERE codigo = %s").format(sql.Identifier(field)), [key])
    [done] = undo(conn, products, job)
    result = held(conn)
    for key, row in after.items():
        mine = row != first.get(key)
        spoilt = key in touched and (key not in first or row[field] != first[key][field])
        other = {field: "other"} if key in touched else {}
        if not mine or spoilt:
            assert result[key] == row | other
        else:
            assert result.get(key) == (first[key] | other if key in first else None)
        assert any(conflict.key == key for conflict in done.conflicts) == (mine and spoilt)
    conn.rollback()


def test_a_conflict_says_what_is_there_now(conn: psycopg.Connection, products: Schema) -> None:
    job = str(uuid4())
    run(conn, products, [frame({"codigo": "A", "stock": 1}, {"codigo": "B"})], str(uuid4()), real=True)
    run(conn, products, [frame({"codigo": "A", "stock": 2}, {"codigo": "C"}, {"codigo": "D"})], job, real=True)
    conn.execute("UPDATE products SET stock = 9 WHERE codigo = 'A'")
    conn.execute("UPDATE products SET stock = 9 WHERE codigo = 'C'")
    conn.execute("DELETE FROM products WHERE codigo = 'D'")
    [done] = undo(conn, products, job)
    [c] = done.left_created  # new keys stand in no order
    assert done == Undone(
        gone=1,
        conflicts=(
            UndoConflict("A", 2, "stock", "9", 'es "9" ahora; la carga dejó "2"'),
            UndoConflict("C", None, None, None, "la fila cambió después de la carga"),
        ),
        left_created=(c,),
        left_changed=(0,),
    )
    assert undo(conn, products, job) == [replace(done, gone=0)]
    conn.execute("UPDATE products SET stock = 2 WHERE codigo = 'A'")
    [again] = undo(conn, products, job)
    assert (again.restored, again.left_created, again.left_changed) == (1, (c,), ())


def test_a_key_of_several_parts_is_found_again(conn: psycopg.Connection) -> None:
    schema = load_schema(
        {
            "target": "prices",
            "primaryKey": ["shop", "day"],
            "fields": [
                {"name": "shop", "constraints": {"required": True, "maxLength": 20}},
                {"name": "day", "type": "date", "constraints": {"required": True}},
                {"name": "open", "type": "boolean"},
            ],
        }
    )
    from tolva.tables.ddl import create_table

    conn.execute(create_table(schema))
    days = pl.Series(["2026-01-01", "2026-01-02"]).str.to_date()
    good = pl.DataFrame({"row": [2, 3], "shop": ['a "x"', "b"], "day": days, "open": [True, None]})
    job = str(uuid4())
    loaded = load(conn, schema, good, {}, Entry(LEDGER, job, 3))
    assert loaded.created_keys == ('["a \\"x\\"", "2026-01-01"]', '["b", "2026-01-02"]')
    change = good.with_columns(open=pl.lit(value=False))
    load(conn, schema, change, {}, Entry(LEDGER, job, 4))
    assert undo(conn, schema, job, {}) == [Undone(restored=2), Undone(removed=2)]
    assert conn.execute("SELECT count(*) FROM prices").fetchone() == (0,)


def test_a_row_that_another_writer_is_quicker_to_make_is_no_error(
    connect: Any, products: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one commits after the look and before the writing."""
    from tolva.tables import load as loading

    with connect() as conn, connect() as other:
        conn.execute("DELETE FROM products")
        conn.commit()
        insert = loading.insert

        def late(*given: Any) -> Any:
            other.execute(
                "INSERT INTO products (tenant_id, proveedor_id, codigo, nombre, precio, certificado_sanitario,"
                " tiempo_entrega_dias) VALUES ('t1', 'P1', 'A', 'theirs', 1, 'C', 1)"
            )
            other.commit()
            return insert(*given)

        monkeypatch.setattr(loading, "insert", late)
        good = frame({"codigo": "A"}, {"codigo": "B"})
        assert load(conn, products, good, SUPPLIER, Entry(LEDGER, str(uuid4()), 3)) == Loaded(1, 1, 0, ("B",))
        conn.rollback()
        other.execute("DELETE FROM products")
        other.commit()


def test_a_row_that_another_writer_changes_meanwhile_is_judged_anew(connect: Any, products: Schema, dsn: str) -> None:
    """The other one holds the row when the load has seen it; what the ledger says was there is what the other left."""
    with connect() as conn, connect() as other, psycopg.connect(dsn, autocommit=True) as watcher:
        conn.execute("DELETE FROM products")
        load(conn, products, frame({"codigo": "A"}, {"codigo": "B"}), SUPPLIER, Entry(LEDGER, str(uuid4()), 3))
        conn.commit()
        other.execute("UPDATE products SET nombre = 'theirs' WHERE codigo = 'A'")
        change, job = frame({"codigo": "A", "nombre": "ours"}, {"codigo": "B", "nombre": "ours"}), str(uuid4())
        with ThreadPoolExecutor(1) as beside:
            loading = beside.submit(load, conn, products, change, SUPPLIER, Entry(LEDGER, job, 3))
            while not watcher.execute("SELECT cardinality(pg_blocking_pids(%s))", [conn.info.backend_pid]).fetchone()[
                0
            ]:
                assert not loading.done()
            other.commit()
            assert loading.result() == Loaded(0, 2, 0)
        [line] = lines(conn, LEDGER, job)
        assert sorted(was[0] for _, _, was, _ in line["changed"]) == ["N", "theirs"]
        assert {row[0] for row in conn.execute("SELECT nombre FROM products").fetchall()} == {"ours"}
        conn.rollback()
        other.execute("DELETE FROM products")
        other.commit()


def test_a_row_that_another_writer_makes_meanwhile_is_not_taken_for_ours(
    connect: Any, products: Schema, dsn: str
) -> None:
    """The other one commits while the load waits for the key: a blank keeps what the other wrote."""
    with connect() as conn, connect() as other, psycopg.connect(dsn, autocommit=True) as watcher:
        conn.execute("DELETE FROM products")
        load(conn, products, frame({"codigo": "B"}), SUPPLIER, Entry(LEDGER, str(uuid4()), 3))
        conn.commit()
        other.execute(
            "INSERT INTO products (tenant_id, proveedor_id, codigo, nombre, precio, certificado_sanitario,"
            " tiempo_entrega_dias, descripcion) VALUES ('t1', 'P1', 'A', 'theirs', 1, 'C', 1, 'theirs')"
        )
        ours = frame({"codigo": "A", "nombre": "ours", "descripcion": None}, {"codigo": "B", "nombre": "ours"})
        with ThreadPoolExecutor(1) as beside:
            loading = beside.submit(load, conn, products, ours, SUPPLIER, Entry(LEDGER, str(uuid4()), 3))
            while not watcher.execute("SELECT cardinality(pg_blocking_pids(%s))", [conn.info.backend_pid]).fetchone()[
                0
            ]:
                assert not loading.done()
            other.commit()
            assert loading.result() == Loaded(0, 2, 0)
        assert conn.execute("SELECT descripcion FROM products WHERE codigo = 'A'").fetchone() == ("theirs",)
        conn.rollback()
        other.execute("DELETE FROM products")
        other.commit()
