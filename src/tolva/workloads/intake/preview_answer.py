"""What the API answers about a file that was not loaded yet."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tolva.workloads.intake.upload_answers import QUESTION, Question

COLUMN: dict[str, Any] = {
    "name": "SKU",
    "header": "SKU",
    "type": "string",
    "filled": 1.0,
    "samples": ["007", "008"],
    "note": None,
    "field": "codigo",
    "confidence": 0.95,
    "how": "alias",
}
ROW: dict[str, Any] = {"row": 2, "values": {"codigo": "007"}, "errors": ["Falta nombre."]}
EXAMPLE: dict[str, Any] = {
    "kind": "csv",
    "header_rows": [1],
    "columns": [COLUMN],
    "encoding": "utf-8",
    "delimiter": ";",
    "quote": '"',
    "sheets": [],
    "notes": [],
    "schema": "products",
    "rows": [ROW],
    "defaults": {"moneda": "USD"},
    "remembered_locale": None,
    "problem": "Dos columnas pueden ser precio.",
    "questions": [QUESTION],
}


class SeenColumn(BaseModel):
    """A column as it looks, and the field that it would feed."""

    model_config = ConfigDict(json_schema_extra={"example": COLUMN})
    name: str = Field(description="What an answer calls it: its header, or its place such as `@3`.")
    header: str
    type: str
    filled: float = Field(description="Share of the rows looked at, from 0 to 1.")
    samples: list[str]
    note: str | None = Field(description="What its numbers or dates leave open, or show.")
    field: str | None
    confidence: float | None
    how: str | None = Field(description="How it came to its field.")


class FirstRow(BaseModel):
    """A row as a load would store it, or as it came where its `errors` would refuse it. What is asked is left out."""

    model_config = ConfigDict(json_schema_extra={"example": ROW})
    row: int
    values: dict[str, str | None]
    errors: list[str]


class Preview(BaseModel):
    """How a file is read, and where its columns would go. What does not apply to its kind is left out."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE}, serialize_by_alias=True)
    kind: str
    header_rows: list[int] = Field(description="Empty when the file has no header.")
    columns: list[SeenColumn]
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    sheet: str | None = None
    sheets: list[str]
    notes: list[str]
    schema_name: str = Field(alias="schema")
    rows: list[FirstRow]
    defaults: dict[str, str] = Field(
        description="By field, what a new row gets where its cell is blank or its column is missing."
    )
    remembered_locale: str | None = Field(
        description="What was said of numbers and dates with an earlier file of this shape, unless it is said now."
    )
    problem: str | None = Field(description="What stands in the way of a load.")
    questions: list[Question]
