import copy
from typing import Any

import psycopg
import pytest

from tolva.errors import InvalidInput
from tolva.tables.ddl import create_table
from tolva.tables.document import load_schema
from tolva.tables.schema import Schema

DOCUMENT: dict[str, Any] = {
    "target": "things",
    "primaryKey": "code",
    "missingValues": ["", "-"],
    "fields": [
        {"name": "code", "type": "string", "constraints": {"required": True, "maxLength": 20}},
        {"name": "size", "type": "number", "precision": 6, "scale": 2, "constraints": {"maximum": 9.5}},
        {"name": "day", "type": "date", "aliases": ["When"], "constraints": {"minimum": "2020-01-01"}},
    ],
}


def changed(*path: Any, to: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    owner: Any = document
    for step in path[:-1]:
        owner = owner.setdefault(step, {}) if isinstance(owner, dict) else owner[step]
    owner[path[-1]] = to
    return document


def test_a_document_makes_a_schema() -> None:
    schema = load_schema(DOCUMENT)
    assert (schema.name, schema.key, schema.missing) == ("things", ("code",), ("", "-"))
    assert [field.kind for field in schema.fields] == ["string", "decimal", "date"]
    assert str(schema.field("size").maximum) == "9.5"


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (
            ("fields", 1, "type"),
            "decimel",
            "fields[1].type: unknown type 'decimel'; use one of string, integer, number",
        ),
        (("fields", 0, "name"), "Código", "fields[0].name: must be a name of lower-case letters"),
        (("fields", 0, "name"), "_row", "fields[0].name: must be a name"),
        (("fields", 2), "day", "fields[2]: must be an object"),
        (("fields", 2, "aliases"), 5, "fields[2].aliases: must be a list"),
        (("fields", 2, "aliases"), ["CODE"], "fields[2]: 'CODE' also means 'code'"),
        (("fields", 2, "source"), "sky", "fields[2].source: must be 'file' or 'params'"),
        (("fields", 2, "constraints"), 5, "fields[2].constraints: must be an object"),
        (("fields", 2, "constraints", "minimum"), "soon", "fields[2].constraints.minimum: 'soon' is not of type date"),
        (("fields", 0, "constraints", "minimum"), 1, "fields[0].constraints.minimum: text has no such rule"),
        (
            ("fields", 0, "constraints", "pattern"),
            "(",
            "fields[0].constraints.pattern: '(' is no regular expression: miss",
        ),
        (
            ("fields", 0, "constraints", "pattern"),
            "(?=a)",
            "fields[0].constraints.pattern: '(?=a)' uses what patterns do not have here: look-around",
        ),
        (("fields", 0, "constraints", "pattern"), "(?x)a#", "fields[0].constraints.pattern: '(?x)a#' uses what"),
        (
            ("fields", 0, "constraints", "pattern"),
            "a{999}{999}",
            "fields[0].constraints.pattern: 'a{999}{999}' repeats",
        ),
        (("fields", 0, "constraints", "pattern"), 5, "fields[0].constraints.pattern: must be a text"),
        (("fields", 0, "aliasses"), ["x"], "fields[0].aliasses: unknown; did you mean aliases?"),
        (
            ("fields", 0, "constraints", "require"),
            True,
            "fields[0].constraints.require: unknown; did you mean required?",
        ),
        (("fields", 0, "required"), True, "fields[0].required: unknown; write it inside constraints"),
        (("primarykey",), "code", "primarykey: unknown; did you mean primaryKey?"),
        (("zzz",), 1, "zzz: unknown; known are name, title, fields"),
        (("foreignKeys",), [], "foreignKeys: Tolva does not keep this rule; declare it in the table"),
        (("fields", 1, "groupChar"), ",", "fields[1].groupChar: Tolva does not keep this rule; numbers are read as"),
        (("fields", 0, "format"), "email", "fields[0].format: Tolva does not keep this rule"),
        (
            ("fields", 0, "constraints", "maxLength"),
            5000,
            "fields[0].constraints.maxLength: lower that of 'code'; the texts of the key may have 500",
        ),
        (("fields", 0, "constraints", "required"), False, "fields[0].constraints.required: a field of the key"),
        (("fields", 1, "constraints", "enum"), ["1"], "fields[1].constraints.enum: only text"),
        (("fields", 1, "scale"), 7, "fields[1].scale: must be a whole number from 0 to 6"),
        (("fields",), [], "fields: must be a list with entries"),
        (("primaryKey",), ["name"], "primaryKey[0]: no field is called 'name'"),
        (("target",), "things; drop", "target: must be a name"),
        (("fields", 1, "name"), "row", "fields[1].name: 'row' is a name of the table's own"),
        (("fields", 1, "name"), "created_at", "fields[1].name: 'created_at' is a name of the table's own"),
        (("fields", 1, "source"), "params", "fields[1].source: a field that comes with the request must be of the"),
        (("fields", 1, "default"), {"a": 1}, "fields[1].default: must be a text"),
        (("fields", 0, "constraints", "required"), "false", "fields[0].constraints.required: must be true or false"),
        (("missingValues",), 5, "missingValues: must be a list"),
    ],
)
def test_a_fault_is_named_by_its_path(path: tuple[Any, ...], to: Any, said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        load_schema(changed(*path, to=to))
    assert str(error.value).startswith(said)


def test_what_only_describes_is_taken() -> None:
    described = changed("fields", 0, "rdfType", to="http://schema.org/sku")
    described["fields"][0] |= {"description": "Code", "example": "A1", "format": "default"}
    assert load_schema({**described, "$schema": "https://x", "description": "Things", "version": "1"}).name == "things"


def test_products_is_what_the_catalog_says(products: Schema) -> None:
    assert products.key == ("proveedor_id", "codigo")
    assert products.file_key == ("codigo",)
    required = [field.name for field in products.fields if field.required and field.source == "file"]
    assert required == ["codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias"]
    assert {"COP", "USD", "EUR", "BRL", "VES"} <= set(products.field("moneda").enum)
    assert len(products.field("pais").enum) == 249


def test_a_default_that_no_cell_may_have_is_refused(products: Schema) -> None:
    assert products.with_defaults({"moneda": "COP"}).field("moneda").default == "COP"
    with pytest.raises(InvalidInput, match="moneda: the default 'XYZ'"):
        products.with_defaults({"moneda": "XYZ"})


@pytest.mark.parametrize(
    ("column", "value"),
    [("precio", "-1"), ("tiempo_entrega_dias", "366"), ("codigo", "''"), ("nombre", "repeat('x', 301)")],
)
def test_the_table_holds_the_rules_too(conn: psycopg.Connection, column: str, value: str) -> None:
    good = {"tenant_id": "'t1'", "proveedor_id": "'P'", "codigo": "'A'", "nombre": "'N'", "precio": "1"}
    row = {**good, "certificado_sanitario": "'C'", "tiempo_entrega_dias": "1", column: value}
    with pytest.raises(psycopg.errors.CheckViolation, match=f"products_{column}_"):
        conn.execute(f"INSERT INTO products ({', '.join(row)}) VALUES ({', '.join(row.values())})")


def test_the_table_of_any_schema_can_be_made(conn: psycopg.Connection) -> None:
    conn.execute(create_table(load_schema(DOCUMENT)))
