import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tables.conftest import load_noted as load
from tolva.tables.ddl import create_table
from tolva.tables.document import load_schema
from tolva.tables.load import Loaded
from tolva.tables.schema import Schema

Connect = Callable[..., psycopg.Connection]
SUPPLIER = {"proveedor_id": "P1"}
TYPES: dict[str, Any] = {
    "row": pl.Int64,
    "codigo": pl.String,
    "nombre": pl.String,
    "certificado_sanitario": pl.String,
    "precio": pl.Decimal(14, 4),
    "tiempo_entrega_dias": pl.Int64,
    "moneda": pl.String,
    "stock": pl.Int64,
    "descripcion": pl.String,
    "fecha_vencimiento": pl.Date,
}
REQUIRED = {"nombre": "N", "certificado_sanitario": "C", "precio": Decimal("1.5000"), "tiempo_entrega_dias": 1}
OPTIONAL = {
    "moneda": st.sampled_from([None, "USD", "COP"]),
    "stock": st.sampled_from([None, 0, 5, 2**62]),
    "descripcion": st.sampled_from([None, 'a,"b"', "\\.", "x\n\\.\ny", "ñ\r\nz", "\\N", "' \t"]),
    "fecha_vencimiento": st.sampled_from([None, date(2026, 1, 31), date(1, 1, 1), date(9999, 12, 31)]),
}


def frame(*rows: dict[str, Any], start: int = 2) -> pl.DataFrame:
    """A checked frame of these rows; required fields get a value when a row does not name them."""
    full = [{"row": number, **REQUIRED, **row} for number, row in enumerate(rows, start)]
    names = ["row", *(name for name in TYPES if name != "row" and any(name in row for row in full))]
    return pl.DataFrame(full, schema={name: TYPES[name] for name in names})


def stored(conn: psycopg.Connection) -> dict[str, dict[str, Any]]:
    with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return {row["codigo"]: row for row in cursor.execute("SELECT * FROM products ORDER BY codigo").fetchall()}


@dataclass
class Model:
    """The rule in its plainest form: one row after another."""

    defaults: dict[str, Any]
    table: dict[str, dict[str, Any]] = field(default_factory=dict)

    def load(self, rows: list[dict[str, Any]]) -> Loaded:
        created: list[str] = []
        updated = unchanged = 0
        for row in rows:
            key, values = row["codigo"], {k: v for k, v in row.items() if k not in ("row", "codigo") and v is not None}
            if key not in self.table:
                self.table[key] = {**self.defaults, **values}
                created.append(key)
            elif values.items() <= self.table[key].items():
                unchanged += 1
            else:
                self.table[key] |= values
                updated += 1
        return Loaded(len(created), updated, unchanged, tuple(created))


@st.composite
def loads(draw: st.DrawFn) -> list[pl.DataFrame]:
    """Several frames over few keys; each holds its own choice of optional columns."""
    frames = []
    for _ in range(draw(st.integers(1, 3))):
        held = {name: draw(st.just(OPTIONAL[name])) for name in draw(st.sets(st.sampled_from(sorted(OPTIONAL))))}
        row = st.fixed_dictionaries(
            {"codigo": st.sampled_from(["A", "B", "001", "1", "ñ"]), "nombre": st.sampled_from("XY"), **held}
        )
        frames.append(frame(*draw(st.lists(row, min_size=1, max_size=12))))
    return frames


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=loads())
def test_a_load_equals_applying_its_rows_one_after_another(
    conn: psycopg.Connection, products: Schema, frames: list[pl.DataFrame]
) -> None:
    conn.execute("DELETE FROM products")
    model = Model({"moneda": "USD"})
    schema = products.with_defaults({"moneda": "USD"})
    for good in frames:
        assert load(conn, schema, good, SUPPLIER) == model.load(good.to_dicts())
    table = {key: {k: v for k, v in row.items() if v is not None} for key, row in stored(conn).items()}
    own = {"tenant_id", "proveedor_id", "codigo", "created_at", "updated_at"}
    assert {key: {k: v for k, v in row.items() if k not in own} for key, row in table.items()} == model.table


def test_an_unchanged_row_is_not_written_at_all(conn: psycopg.Connection, products: Schema) -> None:
    load(conn, products, frame({"codigo": "A", "stock": 1}), SUPPLIER)
    before = conn.execute("SELECT ctid, xmin FROM products").fetchall()
    assert load(conn, products, frame({"codigo": "A", "stock": None}), SUPPLIER) == Loaded(unchanged=1)
    assert conn.execute("SELECT ctid, xmin FROM products").fetchall() == before


def test_a_default_is_for_new_rows_only(conn: psycopg.Connection, products: Schema) -> None:
    load(conn, products, frame({"codigo": "A"}), SUPPLIER)
    schema = products.with_defaults({"moneda": "USD"})
    load(conn, schema, frame({"codigo": "A", "moneda": None}, {"codigo": "B", "moneda": None}), SUPPLIER)
    load(conn, schema, frame({"codigo": "C"}), SUPPLIER)
    assert {key: row["moneda"] for key, row in stored(conn).items()} == {"A": None, "B": "USD", "C": "USD"}


def test_created_keys_are_capped_in_file_order(conn: psycopg.Connection, products: Schema) -> None:
    good = frame(*({"codigo": code} for code in "CABDA"))
    assert load(conn, products, good, SUPPLIER, keep=2) == Loaded(4, 0, 1, ("C", "A"))


def test_suppliers_and_tenants_do_not_see_each_other(
    connect: Connect, conn: psycopg.Connection, products: Schema
) -> None:
    good = frame({"codigo": "A"})
    assert load(conn, products, good, SUPPLIER).created == 1
    assert load(conn, products, good, {"proveedor_id": "P2"}).created == 1
    with connect("t2") as other:
        assert load(other, products, good, SUPPLIER).created == 1
        assert [row["tenant_id"] for row in stored(other).values()] == ["t2"]
        other.rollback()
    assert len(conn.execute("SELECT FROM products").fetchall()) == 2


def test_an_empty_frame_touches_nothing(conn: psycopg.Connection, products: Schema) -> None:
    assert load(conn, products, frame({"codigo": "A"}).clear(), SUPPLIER) == Loaded()


def test_two_loads_of_one_supplier_at_the_same_time_count_each_key_once(
    connect: Connect, dsn: str, products: Schema
) -> None:
    good = frame(*({"codigo": f"R{number}"} for number in range(200)))
    results: list[Loaded] = []

    def run() -> None:
        with connect() as own:
            results.append(load(own, products, good, SUPPLIER, keep=0))

    with connect() as first:
        mine = load(first, products, good, SUPPLIER, keep=0)
        rivals = [threading.Thread(target=run) for _ in range(2)]
        for rival in rivals:
            rival.start()
        _wait_until_blocked(dsn, 2)
    for rival in rivals:
        rival.join()
    assert [mine, *results] == [Loaded(created=200), Loaded(unchanged=200), Loaded(unchanged=200)]


def _wait_until_blocked(dsn: str, count: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as watcher:
        query = """SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
            WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"""
        while watcher.execute(query).fetchone() != (count,):
            pass


def test_a_writer_that_is_no_load_does_not_break_one(connect: Connect, dsn: str, products: Schema) -> None:
    """It inserts the same key without the lock: the load waits for its row, then updates it."""
    with connect() as writer, connect() as loader:
        writer.execute(
            "INSERT INTO products (tenant_id, proveedor_id, codigo, nombre, precio, certificado_sanitario,"
            " tiempo_entrega_dias) VALUES ('t1', 'P9', 'A', 'old', 1, 'C', 1)"
        )
        load_later = threading.Thread(
            target=lambda: (load(loader, products, frame({"codigo": "A"}), {"proveedor_id": "P9"}), loader.commit())
        )
        load_later.start()
        with psycopg.connect(dsn, autocommit=True) as watcher:
            query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = %s"
            while watcher.execute(query, [loader.info.backend_pid]).fetchone() != (1,):
                pass
        writer.commit()
        load_later.join()
        assert stored(writer)["A"]["nombre"] == "N"


def test_a_missing_tenant_is_refused_by_the_database(conn: psycopg.Connection, products: Schema) -> None:
    conn.execute("SET app.tenant_id TO DEFAULT")
    with pytest.raises(psycopg.Error):
        load(conn, products, frame({"codigo": "A"}), SUPPLIER)


def test_fields_may_be_called_as_anything_that_the_statements_speak_of(conn: psycopg.Connection) -> None:
    names = ("changes", "key", "counts", "now", "target", "stage", "hash", "keys", "was", "became")
    schema = load_schema(
        {
            "target": "odd",
            "primaryKey": ["fresh"],
            "fields": [
                {"name": "fresh", "constraints": {"required": True, "maxLength": 20}},
                *({"name": name, "type": "integer"} for name in names),
            ],
        }
    )
    conn.execute(create_table(schema))
    rows = pl.DataFrame({"row": [2, 3], "fresh": ["a", "b"], **{name: [1, 2] for name in names}})
    assert load(conn, schema, rows, {}) == Loaded(2, 0, 0, ("a", "b"))
    assert load(conn, schema, rows.with_columns(changes=pl.lit(7)), {}) == Loaded(0, 2, 0)
    assert load(conn, schema, rows.with_columns(changes=pl.lit(7)), {}) == Loaded(0, 0, 2)
