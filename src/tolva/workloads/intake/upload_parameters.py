"""What a call says of a file: which fields hold for all of it, how it is read, where its columns go."""

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Header, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tolva.errors import InvalidInput
from tolva.tables.reading.options import ReadOptions
from tolva.web.parameters import MOST_NAMED, unknown_parameter

BY_COLUMN = "Field by header, or by place (`@3` is the third column); null leaves a column out."
BY_LOCALE = (
    "How ambiguous numbers and dates are meant: `es-CO`; empty: as the columns show, whatever was said with an earlier"
    " file."
)

Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
Params = Annotated[
    str | None, Query(description="JSON: fields that hold for every row.", examples=['{"proveedor_id": "P1"}'])
]
MappingText = Annotated[str | None, Query(description=f"JSON: {BY_COLUMN}", examples=['{"@1": "codigo"}'])]
ReadText = Annotated[str | None, Query(description="JSON: how to read the file.", examples=['{"delimiter": ","}'])]
Corrects = Annotated[
    UUID | None,
    Query(description="The upload whose refused rows the file brings mended: it is read as that was, unless said so."),
]
Locale = Annotated[str | None, Query(description=BY_LOCALE, examples=["es-CO"])]


class Read(BaseModel):
    """How the file is to be read, where that is not left to be found out."""

    model_config = ConfigDict(extra="forbid")
    encoding: str | None = None
    delimiter: Annotated[str | None, Field(min_length=1, max_length=4)] = None
    quote: Annotated[str | None, Field(max_length=1)] = None
    header_row: Annotated[int | None, Field(strict=True, ge=0, description="From 1; 0 when there is none.")] = None
    sheet: Annotated[str | None, Field(description="Name, or number from 1.")] = None
    locale: Annotated[str | None, Field(description=BY_LOCALE)] = None

    def options(self) -> ReadOptions:
        """The same for the reader."""
        return ReadOptions(**self.model_dump())


class Again(BaseModel):
    """What is to be done with a stored file."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"dry_run": True, "mapping": {"@1": "codigo"}}}
    )
    dry_run: StrictBool = False
    mapping: Annotated[dict[str, str | None], Field(description=BY_COLUMN)] = {}
    read: Read = Read()


CONSTANTS = TypeAdapter(dict[str, str])
MAPPING = TypeAdapter(dict[str, str | None])
READ = TypeAdapter(Read)

Value = TypeVar("Value")


def from_json(name: str, adapter: TypeAdapter[Value], text: str | None) -> Value:
    """A parameter that holds JSON. Raises InvalidInput."""
    try:
        return adapter.validate_json(text or "{}")
    except ValidationError as error:
        known = list(adapter.json_schema().get("properties", ()))
        faults = "; ".join(_told(fault, known) for fault in error.errors())
        raise InvalidInput(f"{name}: {faults}") from None


def _told(fault: ErrorDetails, known: list[str]) -> str:
    """What is wrong at which place; a name that there is not, as `web.parameters` tells of one in the address."""
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return unknown_parameter(place[:MOST_NAMED], known)
    return f"{place}: {fault['msg']}".lstrip(": ")
