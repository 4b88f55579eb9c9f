from typing import Any

import pytest

from tolva.errors import InvalidInput, Unanswered
from tolva.tables.document import load_schema
from tolva.tables.map import match_headers, propose_mapping
from tolva.tables.proposal import Match
from tolva.tables.schema import Schema

REQUIRED = ("codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias")


@pytest.mark.parametrize(
    "headers",
    [
        ("codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias"),
        (" Código", "NOMBRE *", "Precio", "Certificado Sanitario", "Tiempo de entrega (días)"),
        ("Código do produto", "Nome", "Preço", "registro sanitário", "Prazo de Entrega"),
        ("SKU", "Product name", "PRICE", "sanitary_certificate", "delivery-days"),
        ("Cód. Artículo", "Nombre del Prod.", "Vr. Unitario", "Registro INVIMA", "Días entrega"),
    ],
)
def test_headers_are_known_in_three_languages_with_or_without_accents_and_case(
    products: Schema, headers: tuple[str, ...]
) -> None:
    mapping = match_headers(headers, products)
    assert [(match.field, match.column) for match in mapping.matches] == [(name, n) for n, name in enumerate(REQUIRED)]


def test_usual_abbreviations_stand_for_their_words_and_a_field_of_that_very_name_goes_before(products: Schema) -> None:
    mapping = match_headers((*REQUIRED, "F. Vcto", "Cant. en bodega"), products)
    assert mapping.of("fecha_vencimiento") == Match("fecha_vencimiento", 5, "F. Vcto", "abbreviated", 0.85)
    assert mapping.of("stock").column == 6
    parts = schema_of("referencia", "ref", "codigo")
    assert [match.header for match in match_headers(("REF.", "Referencia", "Cód"), parts).matches] == [
        "Referencia",
        "REF.",
        "Cód",
    ]


def test_what_shortens_the_names_of_two_fields_is_asked() -> None:
    proposal = propose_mapping(("Vr", "codigo"), schema_of("valor", "vlr", "codigo"))
    assert [match.field for match in proposal.sure.matches] == ["codigo"]
    assert proposal.sure.ignored == ("Vr",)


def test_a_column_of_an_optional_field_may_be_the_answer(products: Schema) -> None:
    [question] = propose_mapping(("codigo", "Detalle", *REQUIRED[2:]), products).questions
    assert (question.field, question.columns) == ("nombre", ("Detalle",))


def schema_of(*names: str) -> Schema:
    """Of texts; the last one is the key."""
    fields: list[dict[str, Any]] = [{"name": name, "type": "string"} for name in names]
    fields[-1]["constraints"] = {"required": True, "maxLength": 20}
    return load_schema({"name": "parts", "target": "parts", "primaryKey": names[-1], "fields": fields})


def test_a_match_tells_how_and_how_sure_and_the_rest_is_ignored(products: Schema) -> None:
    mapping = match_headers(("Otra", "sku", "", "precio", *REQUIRED[3:], "NOMBRE", "x", "rubro"), products)
    assert mapping.of("precio") == Match("precio", 3, "precio", "exact", 1.0)
    assert mapping.of("nombre") == Match("nombre", 6, "NOMBRE", "exact", 1.0)
    assert mapping.of("codigo") == Match("codigo", 1, "sku", "normalised", 0.9)
    assert mapping.of("categoria") == Match("categoria", 8, "rubro", "alias", 0.95)
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
        (
            (*REQUIRED[:-1], "SKU"),
            "Varias columnas corresponden al mismo campo; deje solo una de ellas. "
            'codigo: "codigo" (columna 1), "SKU" (columna 5). Faltan columnas obligatorias: tiempo_entrega_dias (',
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


TWICE = ("codigo", "nombre", "precio", "precio", *REQUIRED[3:])


def test_two_columns_of_one_name_are_told_apart_by_their_place(products: Schema) -> None:
    with pytest.raises(Unanswered) as asked:
        match_headers(TWICE, products)
    assert asked.value.more == {"questions": [{"field": "precio", "columns": ["@3", "@4"], "likely": "@3"}]}
    mapping = match_headers(TWICE, products, {"@4": "precio"})
    assert (mapping.of("precio").column, mapping.ignored) == (3, ("precio (@3)",))
    assert match_headers(TWICE, products, {"@3": None}).of("precio").column == 3
    assert match_headers(TWICE, products, {"precio": None, "@3": "precio"}).of("precio").column == 2


def test_columns_without_headers_are_answered_by_their_place(products: Schema) -> None:
    proposal = propose_mapping(("",) * 6, products)
    assert proposal.problem
    assert [question.field for question in proposal.questions] == list(REQUIRED)
    assert proposal.questions[0].columns == ("@1", "@2", "@3", "@4", "@5", "@6")
    answers = {f"@{6 - n}": name for n, name in enumerate(REQUIRED)}
    mapping = match_headers(("",) * 6, products, answers)
    assert [(match.column, match.header) for match in mapping.matches][:2] == [(5, "@6"), (4, "@5")]
    assert mapping.ignored == ("@1",)


def test_what_looks_like_a_place_is_no_header(products: Schema) -> None:
    headers = ("@2", "@1", *REQUIRED[1:])
    [question] = propose_mapping(headers, products).questions
    assert question.columns == ("@1", "@2")
    assert match_headers(headers, products, {"@2": "codigo"}).of("codigo").column == 1


def test_a_file_with_too_few_columns_is_not_asked_about(products: Schema) -> None:
    questions = propose_mapping(("codigo", "nombre", "x", "y"), products).questions
    assert [(question.field, question.columns) for question in questions] == [(name, ()) for name in REQUIRED[2:]]


def test_a_likely_column_is_named_in_the_question(products: Schema) -> None:
    [question] = propose_mapping(("cdigo int", *REQUIRED[1:]), products).questions
    assert (question.field, question.likely) == ("codigo", None)
    [question] = propose_mapping(("codigo x", *REQUIRED[1:], "Nota"), products).questions
    assert (question.columns, question.likely) == (("codigo x", "Nota"), "codigo x")


@pytest.mark.parametrize("name", ["@9", "@0", "Importe", ""])
def test_an_answer_for_a_column_that_is_not_there_is_told_with_those_there_are(products: Schema, name: str) -> None:
    with pytest.raises(InvalidInput, match=f'la columna "{name}". Tiene: codigo, nombre, @3, @4, cert'):
        match_headers(TWICE, products, {name: "precio"})
