import pytest

from tolva.errors import InvalidInput
from tolva.tables.map import Match, match_headers
from tolva.tables.schema import Schema

REQUIRED = ("codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias")


@pytest.mark.parametrize(
    "headers",
    [
        ("codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias"),
        (" Código", "NOMBRE *", "Precio", "Certificado Sanitario", "Tiempo de entrega (días)"),
        ("Código do produto", "Nome", "Preço", "registro sanitário", "Prazo de Entrega"),
        ("SKU", "Product name", "PRICE", "sanitary_certificate", "delivery-days"),
    ],
)
def test_headers_are_known_in_three_languages_with_or_without_accents_and_case(
    products: Schema, headers: tuple[str, ...]
) -> None:
    mapping = match_headers(headers, products)
    assert [(match.field, match.column) for match in mapping.matches] == [(name, n) for n, name in enumerate(REQUIRED)]


def test_a_match_tells_how_and_how_sure_and_the_rest_is_ignored(products: Schema) -> None:
    mapping = match_headers(("Otra", "sku", "", "precio", *REQUIRED[3:], "Nombre", "x"), products)
    assert mapping.of("precio") == Match("precio", 3, "precio", "exact", 1.0)
    assert mapping.of("nombre") == Match("nombre", 6, "Nombre", "alias", 0.95)
    assert mapping.of("codigo") == Match("codigo", 1, "sku", "normalised", 0.9)
    assert mapping.ignored == ("Otra", "x")
    assert "stock" not in mapping
    with pytest.raises(KeyError):
        mapping.of("stock")


def test_the_request_s_field_is_not_taken_from_the_file(products: Schema) -> None:
    assert match_headers((*REQUIRED, "proveedor_id"), products).ignored == ("proveedor_id",)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ((), "El archivo no tiene encabezados"),
        (("", " "), "El archivo no tiene encabezados"),
        (
            (*REQUIRED, "SKU"),
            "Varias columnas corresponden al mismo campo; deje solo una de ellas. "
            'codigo: "codigo" (columna 1), "SKU" (columna 6)',
        ),
        (
            REQUIRED[:-2],
            "Faltan columnas obligatorias: certificado_sanitario (encabezados aceptados: Certificado sanitario,",
        ),
    ],
)
def test_what_is_ambiguous_or_missing_is_asked(products: Schema, headers: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        match_headers(headers, products)
    assert str(error.value).startswith(said)


def test_all_missing_columns_are_named_at_once(products: Schema) -> None:
    with pytest.raises(InvalidInput, match=r"precio \(.*; certificado_sanitario \(.*; tiempo_entrega_dias \("):
        match_headers(("codigo", "nombre"), products)
