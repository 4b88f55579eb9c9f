from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tolva.errors import InvalidInput
from tolva.tables.check import Checked, check, check_constants
from tolva.tables.document import load_schema
from tolva.tables.map import match_headers
from tolva.tables.reading.source import Frame, Position
from tolva.tables.schema import Schema

GOOD = {"codigo": "A", "nombre": "N", "precio": "1", "certificado_sanitario": "C", "tiempo_entrega_dias": "1"}


def checked(schema: Schema, *rows: dict[str, str | None], flaw: str | None = None) -> Checked:
    """Checks rows that start at 2; every field that a row does not name is good, or blank where it may be."""
    names = [*GOOD, *dict.fromkeys(name for row in rows for name in row if name not in GOOD)]
    full = [{**GOOD, **row} for row in rows]
    cells = {f"c{n}": pl.Series([row.get(name) for row in full], dtype=pl.String) for n, name in enumerate(names)}
    frame = pl.DataFrame(
        {"row": range(2, len(rows) + 2), "flaw": pl.Series([flaw] * len(rows), dtype=pl.String), **cells}
    )
    return check(Frame(frame, Position(0)), match_headers(tuple(names), schema), schema)


def value(schema: Schema, field: str, text: str) -> Any:
    result = checked(schema, {field: text})
    assert result.errors["message"].to_list() == []
    return result.good[field][0]


def message(schema: Schema, field: str, text: str) -> str:
    result = checked(schema, {field: text})
    assert (result.rejected, result.good.height) == (1, 0)
    (error,) = result.errors.to_dicts()
    assert (error["row"], error["column"], error["value"]) == (2, field, text[:200])
    return error["message"]


NO_DAY = "es un día que no existe; revise el día y el mes"
CURRENCY = "lleva un signo de moneda; escriba solo el número, o añada al campo del esquema el transform strip_currency"


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("codigo", " 00123\u00a0", "00123"),
        ("fecha_vencimiento", "1000-01-01", date(1000, 1, 1)),
        ("nombre", "x" * 300, "x" * 300),
        ("nombre", "#1 en ventas", "#1 en ventas"),
        ("precio", "1234.56", Decimal("1234.5600")),
        ("precio", "1234,56", Decimal("1234.5600")),
        ("precio", "0,125", Decimal("0.1250")),
        ("precio", "1234,567", Decimal("1234.5670")),
        ("precio", "+.5", Decimal("0.5000")),
        ("precio", "1.234,56", Decimal("1234.5600")),
        ("precio", "1,234.56", Decimal("1234.5600")),
        ("precio", "1.234.567", Decimal("1234567.0000")),
        ("precio", "1 234", Decimal("1234.0000")),
        ("precio", "1'234.5", Decimal("1234.5000")),
        ("precio", "0009999999999.99990", Decimal("9999999999.9999")),
        ("stock", "12", 12),
        ("stock", "12.0", 12),
        ("stock", "9223372036854775807", 2**63 - 1),
        ("tiempo_entrega_dias", "365", 365),
        ("fecha_vencimiento", "2026-02-28", date(2026, 2, 28)),
        ("fecha_vencimiento", "2026-02-28 00:00:00", date(2026, 2, 28)),
        ("fecha_vencimiento", "28/02/2026", date(2026, 2, 28)),
        ("fecha_vencimiento", "3/3/2026", date(2026, 3, 3)),
        ("fecha_vencimiento", "12/25/2026", date(2026, 12, 25)),
        ("fecha_vencimiento", "25-12-2026", date(2026, 12, 25)),
        ("fecha_vencimiento", "2026/2/3", date(2026, 2, 3)),
        ("fecha_vencimiento", "3 de Abril de 2026", date(2026, 4, 3)),
        ("fecha_vencimiento", "3-fev-2026", date(2026, 2, 3)),
        ("fecha_vencimiento", "March 3rd, 2026", date(2026, 3, 3)),
        ("moneda", "usd", "USD"),
        ("moneda", "COP", "COP"),
        ("pais", "PE", "PE"),
        ("descripcion", "   ", None),
        ("fecha_vencimiento", "", None),
    ],
)
def test_a_good_cell_is_trimmed_and_typed(products: Schema, field: str, text: str, expected: object) -> None:
    assert value(products, field, text) == expected


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("precio", "abc", "no es un número"),
        ("precio", "1e5", "no es un número"),
        ("precio", "١٢", "no es un número"),
        ("precio", "-0.01", "es menor que 0"),
        ("precio", "1,234", "es ambiguo; escríbalo como 1234.56, sin separar miles"),
        ("precio", "10000000000", "tiene más de 10 cifras enteras"),
        ("precio", "0.00001", "tiene más de 4 decimales"),
        ("precio", "#DIV/0!", "es un error de fórmula de la hoja de cálculo"),
        ("nombre", "#¡VALOR!", "es un error de fórmula de la hoja de cálculo"),
        ("nombre", "#¿NOMBRE?", "es un error de fórmula de la hoja de cálculo"),
        ("nombre", "#N/D", "es un error de fórmula de la hoja de cálculo"),
        ("nombre", "#NÚM!", "es un error de fórmula de la hoja de cálculo"),
        ("nombre", "Err:502", "es un error de fórmula de la hoja de cálculo"),
        ("stock", "1.5", "no es un número entero"),
        ("stock", "1.000", "es ambiguo; escríbalo como 1234, sin separar miles"),
        ("precio", "1.234", "es ambiguo; escríbalo como 1234.56, sin separar miles"),
        ("precio", "1.2345.678", "no es un número"),
        ("precio", "€ 12,50", CURRENCY),
        ("precio", "1.200,5 $", CURRENCY),
        ("stock", "$12", CURRENCY),
        ("precio", "$ doce", "no es un número"),
        ("fecha_vencimiento", "25/04/26", "es una fecha sin el año completo; escríbalo con cuatro cifras"),
        ("fecha_vencimiento", "0026-04-25", "es una fecha sin el año completo; escríbalo con cuatro cifras"),
        ("fecha_vencimiento", "03/04/0026", "es una fecha sin el año completo; escríbalo con cuatro cifras"),
        ("fecha_vencimiento", "25 abr 0999", "es una fecha sin el año completo; escríbalo con cuatro cifras"),
        ("fecha_vencimiento", "31/02/2027", NO_DAY),
        ("stock", "-1", "es menor que 0"),
        ("stock", "9223372036854775808", "es demasiado grande"),
        ("tiempo_entrega_dias", "366", "es mayor que 365"),
        ("fecha_vencimiento", "2027-02-31", NO_DAY),
        ("fecha_vencimiento", "31 de abril de 2027", NO_DAY),
        ("fecha_vencimiento", "2027-13-01", "no es una fecha; escríbala como AAAA-MM-DD"),
        ("fecha_vencimiento", "0000-01-01", "no es una fecha; escríbala como AAAA-MM-DD"),
        ("fecha_vencimiento", "2026-02-28 10:00:00", "no es una fecha; escríbala como AAAA-MM-DD"),
        ("fecha_vencimiento", "03/04/2026", "es una fecha ambigua; escríbala como AAAA-MM-DD"),
        ("moneda", "USD\n", None),
        ("moneda", "ABC", "no es un código de moneda ISO 4217"),
        ("pais", "ZZ", "no es un código de país ISO 3166-1 alfa-2"),
        ("nombre", "x\ufffdy", "contiene caracteres dañados; guarde el archivo como UTF-8"),
        ("codigo", "x" * 201, "tiene más de 200 caracteres"),
    ],
)
def test_a_bad_cell_says_what_is_wrong_with_it(products: Schema, field: str, text: str, said: str | None) -> None:
    if said is None:
        assert value(products, field, text) == text.strip()
        return
    shown = text if len(text) <= 60 else text[:60] + "…"
    assert message(products, field, text) == f'{field}: "{shown}" {said}'


@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_a_year_before_1000_is_read_where_the_minimum_is_one(kind: str) -> None:
    def rejected(minimum: str) -> int:
        fields = [
            {"name": "k", "constraints": {"required": True, "maxLength": 9}},
            {"name": "day", "type": kind, "constraints": {"minimum": minimum}},
        ]
        schema = load_schema({"name": "x", "title": "x", "target": "x", "primaryKey": ["k"], "fields": fields})
        return checked(schema, {"k": "a", "day": "0711-04-27"}).rejected

    time = " 00:00:00" if kind == "datetime" else ""
    assert (rejected(f"0500-01-01{time}"), rejected(f"1000-01-01{time}")) == (0, 1)


@pytest.mark.parametrize(
    ("timezone", "moment", "codes"),
    [
        ("America/Bogota", "9999-12-31 23:59:59", ["range"]),
        ("America/Bogota", "9999-12-31 18:59:59", []),
        ("Asia/Tokyo", "9999-12-31 23:59:59", []),
        ("Asia/Tokyo", "0001-01-01 00:00:00", ["range"]),
        ("UTC", "9999-12-31 23:59:59-01:00", ["range"]),
    ],
)
def test_a_moment_whose_zone_takes_it_out_of_the_calendar_is_out_of_range(
    timezone: str, moment: str, codes: list[str]
) -> None:
    fields = [
        {"name": "k", "constraints": {"required": True, "maxLength": 9}},
        {"name": "at", "type": "datetime", "constraints": {"minimum": "0001-01-02 00:00:00"}},
    ]
    schema = load_schema({"target": "x", "timezone": timezone, "primaryKey": ["k"], "fields": fields})
    assert checked(schema, {"k": "a", "at": moment}).errors["code"].to_list() == codes


def test_a_nul_does_not_reach_the_errors(products: Schema) -> None:
    errors = checked(products, {"nombre": "a\0b"}).errors
    assert (errors["value"][0], errors["code"][0]) == ("a\ufffdb", "encoding")


def test_all_missing_fields_of_a_row_are_in_one_message_in_schema_order(products: Schema) -> None:
    result = checked(
        products, {"certificado_sanitario": "", "nombre": " ", "precio": "x"}, {"certificado_sanitario": None}
    )
    assert result.errors.rows() == [
        (
            2,
            "nombre, certificado_sanitario",
            "",
            "required",
            "Campos obligatorios vacíos: nombre, certificado_sanitario",
        ),
        (2, "precio", "x", "type", 'precio: "x" no es un número'),
        (3, "certificado_sanitario", "", "required", "Campos obligatorios vacíos: certificado_sanitario"),
    ]
    assert (result.rejected, result.good.height) == (2, 0)


def test_a_bad_row_does_not_stop_the_others(products: Schema) -> None:
    result = checked(products, {}, {"precio": "x", "stock": "y"}, {"codigo": "B"})
    assert result.good["row"].to_list() == [2, 4]
    assert result.errors["row"].to_list() == [3, 3]
    assert result.rejected == 1


def test_good_rows_hold_the_mapped_fields_only_each_with_its_type(products: Schema) -> None:
    assert checked(products, {"stock": "1"}).good.schema == {
        "row": pl.Int64,
        "codigo": pl.String,
        "nombre": pl.String,
        "precio": pl.Decimal(14, 4),
        "stock": pl.Int64,
        "certificado_sanitario": pl.String,
        "tiempo_entrega_dias": pl.Int64,
    }


def test_a_row_with_a_flaw_is_judged_by_it_alone(products: Schema) -> None:
    result = checked(products, {"precio": "x"}, flaw="extra_cells")
    assert result.errors["message"].to_list() == [
        "La fila tiene más celdas que encabezados; revise las comillas y los separadores"
    ]
    assert (result.rejected, result.good.height) == (1, 0)


def test_an_empty_frame_is_fine(products: Schema) -> None:
    assert checked(products).rejected == 0


def test_the_error_names_the_user_s_header(products: Schema) -> None:
    cells = {f"c{n}": [text] for n, text in enumerate(("A", "N", "abc", "C", "1"))}
    frame = pl.DataFrame({"row": [9], "flaw": pl.Series([None], dtype=pl.String), **cells})
    mapping = match_headers(("SKU", "name", "Unit Price", "certificado sanitario", "lead time"), products)
    (error,) = check(Frame(frame, Position(9)), mapping, products).errors.to_dicts()
    assert (error["row"], error["column"], error["message"]) == (9, "Unit Price", 'precio: "abc" no es un número')


def test_constants_are_trimmed_and_held_to_the_same_rules(products: Schema) -> None:
    assert check_constants({"proveedor_id": " PROV001 "}, products) == {"proveedor_id": "PROV001"}


@pytest.mark.parametrize(
    ("constants", "said"),
    [
        ({}, "Parámetros obligatorios vacíos: proveedor_id"),
        ({"proveedor_id": " "}, "Parámetros obligatorios vacíos: proveedor_id"),
        ({"proveedor_id": "a\0"}, 'proveedor_id: "a\ufffd" contiene caracteres dañados; guarde el archivo como UTF-8'),
        ({"proveedor_id": "P", "codigo": "1"}, "Parámetros desconocidos: codigo"),
    ],
)
def test_a_wrong_constant_is_refused(products: Schema, constants: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        check_constants(constants, products)
    assert str(error.value) == said


def test_an_error_quotes_what_the_user_wrote_not_what_was_made_of_it() -> None:
    schema = load_schema(
        {
            "target": "places",
            "primaryKey": ["pais"],
            "fields": [
                {
                    "name": "pais",
                    "transforms": ["upper", "collapse_spaces"],
                    "constraints": {"required": True, "maxLength": 4, "enum": ["CO"]},
                }
            ],
        }
    )
    rows = {"row": [2], "flaw": [None], "more": [None], "c0": [" Perú  Sur "]}
    frame = Frame(pl.DataFrame(rows, schema_overrides={"flaw": pl.String, "more": pl.List(pl.String)}), Position(2))
    errors = check(frame, match_headers(["pais"], schema), schema).errors
    assert errors.select("value", "message").rows() == [("Perú  Sur", 'pais: "Perú  Sur" no es uno de: CO')]
