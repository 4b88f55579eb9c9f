"""What the API answers about schemas, and about what is remembered of columns."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

DOCUMENT: dict[str, Any] = {
    "title": "Precios",
    "target": "prices",
    "primaryKey": ["code"],
    "fields": [
        {"name": "code", "title": "Código", "constraints": {"required": True, "maxLength": 20}},
        {"name": "price", "type": "number", "title": "Precio", "precision": 12, "scale": 2},
    ],
}
LISTED: dict[str, Any] = {"name": "prices", "title": "Precios", "version": 1}
KEPT: dict[str, Any] = {"name": "prices", "version": 1, "target_ready": True}
MAPPING: dict[str, Any] = {"name": "SKU", "field": "codigo", "outline": None}
LOCALE: dict[str, Any] = {
    "locale": "es-CO",
    "outline": {"headers": ["SKU", "Precio"]},
    "constants": {"proveedor_id": "P1"},
}


class ListedSchema(BaseModel):
    """A schema that files can be loaded for. Version 0 ships with Tolva."""

    model_config = ConfigDict(json_schema_extra={"example": LISTED})
    name: str
    title: str
    version: int


class Schemas(BaseModel):
    """All schemas, those that ship with Tolva first."""

    model_config = ConfigDict(json_schema_extra={"example": {"schemas": [LISTED]}})
    schemas: list[ListedSchema]


class KeptSchema(BaseModel):
    """A version that was kept."""

    model_config = ConfigDict(json_schema_extra={"example": KEPT})
    name: str
    version: int
    target_ready: bool = Field(description="Whether its table is there.")


class SchemaVersion(KeptSchema):
    """A version of a schema."""

    model_config = ConfigDict(json_schema_extra={"example": KEPT | {"document": DOCUMENT}})
    document: dict[str, Any] = Field(description="A Table Schema document with `target` and `primaryKey`.")


class RememberedColumn(BaseModel):
    """What was said of a column."""

    model_config = ConfigDict(json_schema_extra={"example": MAPPING})
    name: str = Field(description="Its header, or its place such as `@3`.")
    field: str | None = Field(description="Null: it was left out.")
    outline: Any = Field(description="The files that are meant; null: any with that header.")


class RememberedLocale(BaseModel):
    """What was said of the numbers and dates of a file."""

    model_config = ConfigDict(json_schema_extra={"example": LOCALE})
    locale: str = Field(description="How they are meant where they mean two things: `es-CO`.")
    outline: Any = Field(description="The files that are meant.")
    constants: dict[str, str] = Field(description="The fields that came with them.")


class Mappings(BaseModel):
    """All that is remembered of files for a schema."""

    model_config = ConfigDict(json_schema_extra={"example": {"mappings": [MAPPING], "locales": [LOCALE]}})
    mappings: list[RememberedColumn]
    locales: list[RememberedLocale]
