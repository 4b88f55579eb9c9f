"""The answers of the catalog contract, for the API's documentation. The words are the contract's."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

TASK = "019ac1d2-7c4b-7f0e-a9d1-3f1c2b7a9e55"
RECEIVED: dict[str, Any] = {
    "message": "Archivo recibido y encolado para procesamiento",
    "task_id": TASK,
    "status": "pending",
    "status_url": f"/api/v1/catalog/bulk-upload/status/{TASK}",
    "filename": "productos-enero.xlsx",
    "proveedor_id": "P1",
}
SUMMARY: dict[str, int] = {
    "total": 300,
    "exitosos": 299,
    "rechazados": 1,
    "duplicados": 0,
    "productos_creados": 290,
    "productos_actualizados": 5,
    "sin_cambios": 4,
}
RESULT: dict[str, Any] = {
    "mensaje": "Carga masiva completada",
    "resumen": SUMMARY,
    "productos_creados": ["001"],
    "errores": [{"fila": 25, "error": "precio: «x» no es un número."}],
    "errores_url": f"/api/v1/catalog/bulk-upload/errores/{TASK}",
    "columnas_ignoradas": [],
}
STATUS: dict[str, Any] = {
    "task_id": TASK,
    "status": "completed",
    "filename": "productos-enero.xlsx",
    "proveedor_id": "P1",
    "created_at": "2026-11-28T14:30:00",
    "updated_at": "2026-11-28T14:30:02",
    "completed_at": "2026-11-28T14:30:02",
    "progress": {"total": 300, "processed": 300, "successful": 299, "failed": 1},
    "result": RESULT,
    "error": None,
}


class Received(BaseModel):
    """A file that was taken in."""

    model_config = ConfigDict(json_schema_extra={"example": RECEIVED})
    message: str
    task_id: str
    status: str
    status_url: str
    filename: str
    proveedor_id: str


class RowError(BaseModel):
    """Why a row was refused."""

    fila: int
    error: str


class Result(BaseModel):
    """What became of the rows."""

    mensaje: str
    resumen: dict[str, int]
    productos_creados: list[str] = Field(description="The first of them.")
    errores: list[RowError] = Field(description="The first of them; `errores_url` has all.")
    errores_url: str
    columnas_ignoradas: list[str]


class Status(BaseModel):
    """Where a load stands. Times are UTC, without a zone."""

    model_config = ConfigDict(json_schema_extra={"example": STATUS})
    task_id: str
    status: str = Field(description="`pending`, `processing`, `completed` or `failed`.")
    filename: str
    proveedor_id: str
    created_at: str
    updated_at: str
    completed_at: str | None = Field(default=None, description="Left out until it has ended.")
    progress: dict[str, int]
    result: Result | None
    error: str | None
