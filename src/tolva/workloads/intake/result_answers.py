"""What the API answers about the rows of a load: those that it refused, and those that it changed."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ERROR: dict[str, Any] = {
    "row": 25,
    "n": 0,
    "column": "precio",
    "value": "1,2,3",
    "code": "number",
    "message": "precio: «1,2,3» no es un número.",
}
GROUP: dict[str, Any] = {"column": "precio", "code": "number", "errors": 12}
CHANGE: dict[str, Any] = {"key": "007", "kind": "updated", "row": 8, "fields": {"precio": ["1.50", "1.75"]}}


class FoundError(BaseModel):
    """What is wrong with a row of the file, which has `row` and `n`; or what an undo left alone, which has `key`."""

    model_config = ConfigDict(json_schema_extra={"example": ERROR})
    row: int | None = Field(default=None, description="In the file.")
    n: int | None = Field(default=None, description="Order within the row.")
    key: Any = Field(default=None, description="Of the row in the table: a text, or several by field.")
    column: str | None
    value: str | None
    code: str
    message: str


class ErrorPlace(BaseModel):
    """Parameters of the call for the following page."""

    after_row: int
    after_n: int


class Errors(BaseModel):
    """A page of errors in the order of the file."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"errors": [ERROR], "next": {"after_row": 25, "after_n": 0}}}
    )
    errors: list[FoundError]
    next: ErrorPlace | None


class ErrorGroup(BaseModel):
    """How many errors there are of a column and code."""

    column: str | None
    code: str
    errors: int


class ErrorSummary(BaseModel):
    """How many errors there are, most first."""

    model_config = ConfigDict(json_schema_extra={"example": {"total": 12, "capped": False, "groups": [GROUP]}})
    total: int
    capped: bool = Field(description="No more than these were counted.")
    groups: list[ErrorGroup]


class ChangedRow(BaseModel):
    """A row that is new, or that changed."""

    model_config = ConfigDict(json_schema_extra={"example": CHANGE})
    key: Any = Field(description="Of the row in the table: a text, or several by field.")
    kind: Literal["created", "updated"]
    row: int | None = Field(description="Of the file; null for a new row.")
    fields: dict[str, list[str | None]] = Field(description="Value before and after of each that changed.")


class ChangePlace(BaseModel):
    """Parameters of the call for the following page."""

    after_chunk: int
    after_n: int


class Changes(BaseModel):
    """A page of changes, in the order of the file."""

    model_config = ConfigDict(json_schema_extra={"example": {"changes": [CHANGE], "next": None}})
    changes: list[ChangedRow]
    next: ChangePlace | None
