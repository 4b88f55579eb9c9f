"""Whatever comes in, only our own errors come out; and whatever the checks call good, the table takes."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tables.conftest import load_noted as load
from tolva.errors import TolvaError
from tolva.tables.check import check
from tolva.tables.map import known_names, match_headers
from tolva.tables.reading import open_source
from tolva.tables.reading.sniff import HEAD, sniff, verify
from tolva.tables.reading.source import Frame, Position
from tolva.tables.schema import Schema
from tolva.tables.survey import survey

HEADER = b"codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias,stock\n"
BYTES = st.lists(
    st.sampled_from(
        [b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xc3", b"A", b"1", b" ", b"1.5", b"\\."]
    ),
    max_size=40,
).map(b"".join)
TEXTS = """
A|0|-0|1,5|1.5|1e400|NaN|inf|2026-02-29|31/12/9999|9999-12-31|0001-01-01|USD|CO|\\N|\\.|"|\u2028|\ufeff| |
""".strip("\n").split("|")
NASTY = st.one_of(
    st.sampled_from([*TEXTS, "9" * 30, "0." + "9" * 30, "a\n\\.\nb", "🙂" * 200, "x" * 3000]),
    st.text(max_size=8),
    st.integers(-(2**70), 2**70).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.dates().map(str),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=BYTES, header=st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path: Path, products: Schema, content: bytes, header: bool) -> None:
    path = tmp_path / "stored"
    path.write_bytes(HEADER + content if header else content)
    try:
        kind = sniff(path.read_bytes()[:HEAD], "a.csv")
        verify(path, kind)
        source = open_source(path, kind, tmp_path, known=known_names(products))
        mapping = match_headers(source.headers, products)
    except TolvaError:
        assert not header
        return
    total = survey(source, mapping, products).total
    assert sum(_sorted_rows(frame, mapping, products) for frame in source.frames(None, 3)) == total


def _sorted_rows(frame: Frame, mapping: Any, schema: Schema) -> int:
    """The frame's rows, each of them either good or told."""
    checked = check(frame, mapping, schema)
    assert set(checked.errors["row"]).isdisjoint(checked.good["row"])
    assert set(checked.errors["row"]) | set(checked.good["row"]) == set(frame.rows["row"])
    assert checked.rejected == checked.errors["row"].n_unique()
    return frame.rows.height


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_the_checks_call_good_the_table_takes(
    conn: psycopg.Connection, products: Schema, data: st.DataObject
) -> None:
    import polars as pl

    names = [field.name for field in products.file_fields]
    plain = {"precio": "1", "tiempo_entrega_dias": "1", "nombre": "N", "codigo": "A", "certificado_sanitario": "C"}
    rows = data.draw(st.lists(st.dictionaries(st.sampled_from(names), NASTY, max_size=4), min_size=1, max_size=6))
    cells = {
        f"c{n}": pl.Series([{**plain, **row}.get(name) for row in rows], dtype=pl.String)
        for n, name in enumerate(names)
    }
    flaws = pl.Series([None] * len(rows), dtype=pl.String)
    frame = Frame(pl.DataFrame({"row": range(2, len(rows) + 2), "flaw": flaws, "more": None, **cells}), Position(0))
    checked = check(frame, match_headers(tuple(names), products), products)
    loaded = load(conn, products, checked.good, {"proveedor_id": "P1"})
    assert loaded.created + loaded.updated + loaded.unchanged + checked.rejected == len(rows)
    conn.rollback()


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + bytes(5000), b"PK\x05\x06" + bytes(18)])
def test_a_zip_without_contents_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "stored"
    path.write_bytes(content)
    with pytest.raises(TolvaError):
        open_source(path, "xlsx", tmp_path)
