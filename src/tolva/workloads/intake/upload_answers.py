"""What the API answers about uploads: its models, for whoever reads the answers by program."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tolva.core.job import State

ID = "019ac1d2-7c4b-7f0e-a9d1-3f1c2b7a9e55"
ACCEPTED: dict[str, Any] = {"id": ID, "state": "queued", "status_url": f"/api/v1/uploads/{ID}"}
LISTED: dict[str, Any] = {
    "id": ID,
    "kind": "bulk_upload",
    "state": "failed",
    "schema": "products",
    "filename": "productos-enero.csv",
    "size": 20480,
    "label": "productos-enero.csv · P1",
    "constants": {"proveedor_id": "P1"},
    "progress": {"total": 0, "processed": 0, "successful": 0, "failed": 0},
    "result": None,
    "corrects": None,
    "undone_by": None,
    "created_at": "2026-11-28T14:30:00.250000Z",
    "started_at": "2026-11-28T14:30:00.310000Z",
    "finished_at": "2026-11-28T14:30:00.940000Z",
}
QUESTION: dict[str, Any] = {"field": "precio", "columns": ["Precio Venta", "Precio Compra"], "likely": "Precio Venta"}
SHOWN: dict[str, Any] = {
    **LISTED,
    "blake3": "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    "options": {"read": {"delimiter": ";"}},
    "error": {
        "type": "Unanswered",
        "message": "Dos columnas pueden ser precio: Precio Venta, Precio Compra.",
        "questions": [QUESTION],
    },
}


class AcceptedUpload(BaseModel):
    """A job that was made."""

    model_config = ConfigDict(json_schema_extra={"example": ACCEPTED})
    id: str
    state: State
    status_url: str


class ListedUpload(BaseModel):
    """An upload in a list."""

    model_config = ConfigDict(json_schema_extra={"example": LISTED}, serialize_by_alias=True)
    id: UUID
    kind: str = Field(description="`bulk_upload` loads, `dry_run` rehearses it.")
    state: State
    schema_name: str = Field(alias="schema")
    filename: str
    size: int = Field(description="Bytes.")
    label: str | None = Field(description="What pages call it: the name of the file, and what holds for every row.")
    constants: dict[str, Any] = Field(description="Fields that hold for every row.")
    progress: dict[str, Any] = Field(description="Counts of rows.")
    result: dict[str, Any] | None = Field(description="Counts of rows; null until it has ended well.")
    corrects: UUID | None
    undone_by: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Uploads(BaseModel):
    """A page of uploads, newest first; `next` is the `before` of the following page."""

    model_config = ConfigDict(json_schema_extra={"example": {"uploads": [LISTED], "next": None}})
    uploads: list[ListedUpload]
    next: UUID | None


class Question(BaseModel):
    """Which column feeds a field? `columns` may; `likely` is what a guess would be."""

    model_config = ConfigDict(json_schema_extra={"example": QUESTION})
    field: str
    columns: list[str]
    likely: str | None


class UploadError(BaseModel):
    """Why a job failed, or is tried again, and what to do."""

    type: str
    message: str
    questions: list[Question] = Field(default=[], description="What the file leaves open; left out when there is none.")
    unclear: list[str] = Field(
        default=[],
        description="Columns whose numbers or dates need a `locale` to be told; left out when there is none.",
    )
    answered_by: UUID | None = Field(default=None, description="The job with the answer; left out until there is one.")


class Upload(BaseModel):
    """Where an upload, or an undo, stands. An undo has no file, and null for all that is told of one."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN}, serialize_by_alias=True)
    id: UUID
    kind: str = Field(description="`bulk_upload` loads, `dry_run` rehearses it, `undo` puts a load back.")
    state: State
    schema_name: str | None = Field(alias="schema")
    filename: str | None
    label: str | None
    size: int | None
    blake3: str | None
    constants: dict[str, Any] | None = Field(description="Fields that hold for every row.")
    options: dict[str, Any] | None = Field(description="How it was said to be read and mapped.")
    corrects: UUID | None = Field(description="The upload whose refused rows it brings mended.")
    progress: dict[str, Any] = Field(description="Counts of rows, and how the file was read.")
    result: dict[str, Any] | None
    error: UploadError | None
    undone_by: UUID | None = Field(description="The undo after which nothing of it is in the table any more.")
    created_at: str
    started_at: str | None
    finished_at: str | None
