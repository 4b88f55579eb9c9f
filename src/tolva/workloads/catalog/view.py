"""A load in the words of the catalog contract."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import Json, State
from tolva.workloads.intake.messages import told_error

STATUS = {
    State.QUEUED: "pending",
    State.RUNNING: "processing",
    State.WAITING: "processing",
    State.COMPLETED: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
}
MOST_LISTED = 1000
"""Entries of a list in the result."""


def accepted_view(task_id: str, filename: str, constants: Json, prefix: str) -> dict[str, Any]:
    """The answer to an upload."""
    return {
        "message": "Archivo recibido y encolado para procesamiento",
        "task_id": task_id,
        "status": "pending",
        "status_url": f"{prefix}/bulk-upload/status/{task_id}",
        "filename": filename,
        **constants,
    }


def status_view(row: DictRow, bad_rows: Sequence[DictRow], prefix: str) -> dict[str, Any]:
    """The answer to a status call. `row` is of the query `upload_status`, `bad_rows` of `bad_rows`."""
    state = State(row["state"])
    # A job that waits for its next try has begun: to its user it is being processed.
    status = "processing" if state is State.QUEUED and row["attempt"] else STATUS[state]
    view: dict[str, Any] = {
        "task_id": str(row["id"]),
        "status": status,
        "filename": row["filename"],
        **row["constants"],
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
        "progress": {name: row["progress"].get(name, 0) for name in ("total", "processed", "successful", "failed")},
        "result": None,
        "error": _error(state, row),
    }
    if row["finished_at"]:
        view["completed_at"] = _time(row["finished_at"])
    if state is State.COMPLETED:
        view["result"] = _result(row, bad_rows, prefix)
    return view


def _result(row: DictRow, bad_rows: Sequence[DictRow], prefix: str) -> dict[str, Any]:
    result = row["result"]
    return {
        "mensaje": result.get("note", "Carga masiva completada"),
        "resumen": {
            "total": result["total"],
            "exitosos": result["accepted"],
            "rechazados": result["rejected"],
            "duplicados": result["repeated"],
            "productos_creados": result["created"],
            "productos_actualizados": result["updated"],
            "sin_cambios": result["unchanged"],
        },
        "productos_creados": result["created_keys"][:MOST_LISTED],
        "errores": [{"fila": bad["row"], "error": bad["message"]} for bad in bad_rows],
        "errores_url": f"{prefix}/bulk-upload/errores/{row['id']}",
        "columnas_ignoradas": row["progress"].get("ignored_columns", []),
    }


def _error(state: State, row: DictRow) -> str | None:
    if state is State.CANCELLED:
        return "La carga fue cancelada."
    return told_error(row) if state is State.FAILED else None


def _time(moment: datetime) -> str:
    """UTC to the second, without a zone, as the contract writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
