"""Reads a Table Schema document (specs.frictionlessdata.io/table-schema) with our additions into a Schema.

Ours are: `target`, `destination`, `locale` and `timezone`, and per field `aliases`, `default`, `source`, `precision`,
`scale`, `locale` and `transforms`. `keys` says which others there are.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from tolva.errors import InvalidInput
from tolva.tables.coherence import check_coherence
from tolva.tables.entries import (
    read_bound,
    read_count,
    read_default,
    read_enum,
    read_flag,
    read_groups,
    read_kind,
    read_length,
    read_list,
    read_locale,
    read_name,
    read_object,
    read_texts,
    read_timezone,
    read_transforms,
)
from tolva.tables.keys import check_keys
from tolva.tables.pattern import read_pattern
from tolva.tables.schema import Field, Schema

BUILTIN = ("products",)
"""The schemas that ship with the package."""


@cache
def builtin_schema(name: str) -> Schema:
    """One of the schemas that ship with the package. Raises InvalidInput when there is none of that name."""
    return load_schema(builtin_document(name))


def builtin_document(name: str) -> Mapping[str, Any]:
    """The document of one of the schemas that ship with the package. Raises InvalidInput, as above."""
    if name not in BUILTIN:
        raise InvalidInput(f"There is no schema '{name}'. Known schemas: {', '.join(BUILTIN)}.")
    text = resources.files("tolva.tables").joinpath("schemas", f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


def load_schema(document: Mapping[str, Any]) -> Schema:
    """The schema that a document describes. Raises InvalidInput that names the path of the fault."""
    check_keys(document, "schema", "")
    raw_fields = read_list(document, "fields", "")
    fields = tuple(_field(raw, f"fields[{number}]") for number, raw in enumerate(raw_fields))
    target = read_name(document.get("target"), "target")
    schema = Schema(
        name=str(document.get("name", target)),
        title=str(document.get("title", target)),
        target=target,
        fields=fields,
        key=tuple(read_list(document, "primaryKey", "")),
        unique_keys=read_groups(document, "uniqueKeys"),
        missing=read_texts(document, "missingValues", "", default=[""]),
        locale=read_locale(document.get("locale"), "locale"),
        timezone=read_timezone(document.get("timezone", "UTC"), "timezone"),
        destination=read_name(document["destination"], "destination") if "destination" in document else None,
    )
    check_coherence(schema)
    return schema


def _field(raw: object, path: str) -> Field:
    field = read_object(raw, path)
    check_keys(field, "field", path)
    kind = read_kind(field.get("type", "string"), f"{path}.type")
    rules = read_object(field.get("constraints", {}), f"{path}.constraints")
    check_keys(rules, "constraints", f"{path}.constraints")
    source = field.get("source", "file")
    if source not in ("file", "params"):
        raise InvalidInput(f"{path}.source: must be 'file' or 'params'")
    name = read_name(field.get("name"), f"{path}.name")
    return Field(
        name=name,
        kind=kind,
        title=str(field.get("title", name)),
        description=str(field.get("description", "")),
        aliases=read_texts(field, "aliases", path, default=[]),
        source=source,
        default=read_default(field.get("default"), f"{path}.default"),
        precision=read_count(field.get("precision", 20), f"{path}.precision", 38),
        scale=read_count(field.get("scale", 6), f"{path}.scale", field.get("precision", 20)),
        required=read_flag(rules.get("required", False), f"{path}.constraints.required"),
        unique=read_flag(rules.get("unique", False), f"{path}.constraints.unique"),
        locale=read_locale(field.get("locale"), f"{path}.locale"),
        examples=read_texts(field, "examples", path, default=[]),
        transforms=read_transforms(field, path),
        min_length=read_length(rules.get("minLength"), f"{path}.constraints.minLength"),
        max_length=read_length(rules.get("maxLength"), f"{path}.constraints.maxLength"),
        minimum=read_bound(kind, rules.get("minimum"), f"{path}.constraints.minimum"),
        maximum=read_bound(kind, rules.get("maximum"), f"{path}.constraints.maximum"),
        pattern=read_pattern(rules.get("pattern"), f"{path}.constraints.pattern"),
        enum=read_enum(kind, rules, f"{path}.constraints"),
    )
