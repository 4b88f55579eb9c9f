"""Errors as answers: problem+json (RFC 9457), in the one place that knows both our errors and HTTP."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tolva.errors import (
    CallerError,
    Conflict,
    DatabaseUnavailable,
    InvalidInput,
    NotFound,
    SettingsError,
    StorageUnavailable,
    TolvaError,
    TooLarge,
    TryLater,
    UnsupportedFile,
)
from tolva.logs import logged_field

log = logging.getLogger(__name__)

STATUS: tuple[tuple[type[TolvaError], int], ...] = (
    (UnsupportedFile, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidInput, HTTPStatus.BAD_REQUEST),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (SettingsError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (CallerError, HTTPStatus.BAD_REQUEST),
    (StorageUnavailable, HTTPStatus.INSUFFICIENT_STORAGE),
    (TryLater, HTTPStatus.SERVICE_UNAVAILABLE),
    (TolvaError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that fits decides."""


PUBLIC: tuple[tuple[type[TolvaError], str], ...] = (
    (StorageUnavailable, "The server cannot store files now; nothing was kept. Send it again later."),
    (DatabaseUnavailable, "The database does not answer now; nothing was done. Send it again in some seconds."),
    (TryLater, "The server is busy with the same thing; nothing was done. Send it again in some seconds."),
)
"""What a client is told where our own words name hosts, logins or folders: those are for the log alone."""


def answer_errors(api: FastAPI) -> None:
    """Make every error of this API a problem document."""
    api.add_exception_handler(TolvaError, _ours)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unexpected)


def problem(status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document. `kind` is stable and for programs, `detail` is for people."""
    body = {"type": f"urn:tolva:{kind}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        more["request_id"] = logged_field("request_id")  # to be quoted: the log has more
    return JSONResponse(body | more, status, headers, media_type="application/problem+json")


def _ours(request: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %s", request.method, request.url.path, error)
    headers: dict[str, str] = {}
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(round(error.retry_after or 5))
    detail = next((public for kind, public in PUBLIC if isinstance(error, kind)), str(error))
    return problem(status, _dashed(type(error).__name__), detail, headers)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [{"where": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, faults=faults)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, "http", str(error.detail), dict(error.headers or {}))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "An internal error. The log of the server has it.")


def _dashed(name: str) -> str:
    """The class name as the end of a URN: TooLarge → too-large."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
