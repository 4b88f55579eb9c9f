"""Errors as answers: problem+json (RFC 9457), in the one place that knows both our errors and HTTP."""

import logging
import math
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from tolva.errors import (
    CallerError,
    Conflict,
    DatabaseUnavailable,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    SettingsError,
    StorageUnavailable,
    TolvaError,
    TookTooLong,
    TooLarge,
    TryLater,
    Unauthenticated,
    UnsupportedFile,
)

log = logging.getLogger(__name__)

STATUS: tuple[tuple[type[TolvaError], int], ...] = (
    (UnsupportedFile, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidInput, HTTPStatus.BAD_REQUEST),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (SettingsError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (CallerError, HTTPStatus.BAD_REQUEST),
    (StorageUnavailable, HTTPStatus.INSUFFICIENT_STORAGE),
    (RateLimited, HTTPStatus.TOO_MANY_REQUESTS),
    (TryLater, HTTPStatus.SERVICE_UNAVAILABLE),
    (TolvaError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that fits decides."""


PUBLIC: tuple[tuple[type[TolvaError], str | None], ...] = (
    (RateLimited, None),
    (StorageUnavailable, "The server cannot store files now; nothing was kept. Send it again later."),
    (DatabaseUnavailable, "The database does not answer now; nothing was done. Send it again in some seconds."),
    (TookTooLong, "It took too long and was given up; nothing was done. Ask for less, or send it again later."),
    (TryLater, "The server is busy with the same thing; nothing was done. Send it again in some seconds."),
)
"""What a client is told where our own words name hosts, logins or folders: those are for the log alone. The first class
that fits decides; None leaves our words."""


class Problem(BaseModel):
    """What went wrong, and what to do (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:tolva:not-found",
                "title": "Not Found",
                "status": 404,
                "detail": "There is no upload 0198c5a2-3e5b-7c10-8f2e-5a1f0c9d4b7e.",
            }
        },
    )
    type: str = Field(description="Stable, for programs.")
    title: str
    status: int
    detail: str = Field(description="For people: what to do.")


MEDIA_TYPE = "application/problem+json"
REFERENCE: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a router or route: the problems that it answers with, for the API's documentation.

    >>> problems(404)[404]["description"], list(problems(404)[404]["content"])
    ('Not Found', ['application/problem+json'])
    """
    content = {MEDIA_TYPE: REFERENCE}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


ALWAYS = problems(401, 429, 503)
"""What any call may be answered with that asks who calls."""


def answer_errors(api: FastAPI) -> None:
    """Make every error of this API a problem document; what nobody foresaw is `unexpected`'s."""
    api.add_exception_handler(TolvaError, _ours)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)


def problem(status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document. `kind` is stable and for programs, `detail` is for people."""
    body = {"type": f"urn:tolva:{kind}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body | more, status, headers, media_type=MEDIA_TYPE)


def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TolvaError)
    answer = problem_of(error)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %s", request.method, request.url.path, error)
    return answer


def problem_of(error: TolvaError) -> JSONResponse:
    """One of our errors as an answer."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    headers: dict[str, str] = {}
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(math.ceil(error.retry_after or 5))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="Tolva"'
    detail = next((public for kind, public in PUBLIC if isinstance(error, kind)), None) or str(error)
    return problem(status, _dashed(type(error).__name__), detail, headers)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [{"where": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, faults=faults)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, "http", str(error.detail), dict(error.headers or {}))


def _dashed(name: str) -> str:
    """The class name as the end of a URN: TooLarge → too-large."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
