"""Errors as answers: problem+json (RFC 9457), in the one place that knows both our errors and HTTP."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

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
from tolva.logs import logged_field
from tolva.web.allowed import allowed

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


AsPage = Callable[[Request, int, str], Response | None]
"""Answers an error (its status, and what there is to say) with a page, where a browser asked for one; else None."""


@dataclass(frozen=True)
class Fault:
    """An error as its sender is told it. `kind` is stable and for programs, `detail` is for people."""

    status: int
    kind: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def document(self) -> JSONResponse:
        """The same as problem+json."""
        title = HTTPStatus(self.status).phrase
        body: dict[str, Any] = {
            "type": f"urn:tolva:{self.kind}",
            "title": title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            body["request_id"] = logged_field("request_id")  # to be quoted: the log has more
        return JSONResponse(body | dict(self.more), self.status, self.headers, media_type=MEDIA_TYPE)


Teller = Callable[[HTTPConnection, Exception], Fault]


def answer_errors(api: FastAPI, as_page: AsPage) -> None:
    """Make every error of this API a problem document, or a page; what nobody foresaw is `unexpected`'s."""
    tellers: tuple[tuple[type[Exception], Teller], ...] = (
        (TolvaError, _ours),
        (RequestValidationError, _invalid),
        (WebSocketRequestValidationError, _invalid),
        (HTTPException, _http),
    )
    for kind, tell in tellers:
        api.add_exception_handler(kind, partial(_answer, as_page, tell))


def _answer(as_page: AsPage, tell: Teller, request: HTTPConnection, error: Exception) -> Response:
    fault = tell(request, error)
    page = as_page(request, fault.status, fault.detail) if isinstance(request, Request) else None
    if page is None:
        return fault.document()
    page.headers.update(fault.headers)
    return page


def _ours(request: HTTPConnection, error: Exception) -> Fault:
    assert isinstance(error, TolvaError)
    fault = fault_of(error)
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %s", request.scope.get("method", "WebSocket"), request.url.path, error)
    return fault


def fault_of(error: TolvaError) -> Fault:
    """One of our errors as an answer."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    headers: dict[str, str] = {}
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(math.ceil(error.retry_after or 5))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="Tolva"'
    detail = next((public for kind, public in PUBLIC if isinstance(error, kind)), None) or str(error)
    return Fault(status, _dashed(type(error).__name__), detail, headers)


def _invalid(request: HTTPConnection, error: Exception) -> Fault:
    assert isinstance(error, ValidationException)
    if _names_no_page(request, error):
        return Fault(HTTPStatus.NOT_FOUND, "http", HTTPStatus.NOT_FOUND.phrase)
    faults = [{"where": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults)
    return Fault(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, more={"faults": faults})


def _names_no_page(request: HTTPConnection, error: ValidationException) -> bool:
    """Whether it is the address of a page that makes no sense; the calls of the API document another answer."""
    is_page = not getattr(request.scope.get("route"), "include_in_schema", True)
    return is_page and any(fault["loc"][0] == "path" for fault in error.errors())


def _http(request: HTTPConnection, error: Exception) -> Fault:
    assert isinstance(error, HTTPException)
    methods = allowed(request) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return Fault(error.status_code, "http", str(error.detail), {**(error.headers or {}), **methods})


def _dashed(name: str) -> str:
    """The class name as the end of a URN: TooLarge → too-large."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
