"""A header that names a currency is heard, where nothing else in the file tells one."""

import pytest

from tolva.tables.currency import currency_notes
from tolva.tables.map import match_headers
from tolva.tables.schema import Schema

OTHERS = ("codigo", "nombre", "certificado_sanitario", "tiempo_entrega_dias")


def notes(products: Schema, price: str, *more: str, default: str = "USD") -> list[str]:
    headers = (*OTHERS, price, *more)
    mapping = match_headers(headers, products, {price: "precio"})
    return currency_notes(mapping, products.with_defaults({"moneda": default}))


@pytest.mark.parametrize("price", ["Vr. Unitario (COP)", "Precio COP", "COP/unidad", "Precio_COP", "COP (COP)"])
def test_a_header_with_another_currency_than_new_rows_get_is_told(products: Schema, price: str) -> None:
    [note] = notes(products, price)
    assert f'"{price}" dice COP' in note and "las filas nuevas reciben USD" in note and '"Moneda"' in note


@pytest.mark.parametrize("price", ["Precio (USD)", "Precio", "Precio SIN", "precio cop", "COPIA", "PVP"])
def test_other_headers_are_not_remarked_on(products: Schema, price: str) -> None:
    assert notes(products, price) == []


def test_a_column_of_currencies_and_a_fitting_default_settle_it(products: Schema) -> None:
    assert notes(products, "Precio (COP)", "Moneda") == []
    assert notes(products, "Precio (COP)", default="COP") == []
