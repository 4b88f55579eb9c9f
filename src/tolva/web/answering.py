"""Errors are answered: ours, and those of the libraries that meet a request first."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from tolva.errors import CommitLost, DatabaseUnavailable, TolvaError
from tolva.web.allowed import allowed
from tolva.web.faults import fault_of
from tolva.web.problems import Fault

log = logging.getLogger(__name__)

AsPage = Callable[[Request, int, str], Response | None]
"""Answers an error (its status, and what there is to say) with a page, where a browser asked for one; else None."""
Teller = Callable[[HTTPConnection, Exception], Fault]
NO_ADDRESS = "There is no such address. /docs shows those that there are, /openapi.json lists them for programs."
READS = ("GET", "HEAD")
NO_ID = "it is no id; one has 32 digits of 0 to 9 and a to f, in groups or not"


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
    if isinstance(error, CommitLost) and request.scope.get("method", "GET") in READS:
        error = DatabaseUnavailable(str(error))  # it did nothing that could be in doubt
    fault = fault_of(error)
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %s", request.scope.get("method", "WebSocket"), request.url.path, error)
    return fault


def _invalid(request: HTTPConnection, error: Exception) -> Fault:
    assert isinstance(error, ValidationException)
    if _names_no_page(request, error):
        return Fault(HTTPStatus.NOT_FOUND, "http", NO_ADDRESS)
    faults = [{"where": ".".join(map(str, fault["loc"])), "message": _message(fault)} for fault in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults)
    return Fault(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, more={"faults": faults})


def _message(fault: Mapping[str, Any]) -> str:
    """What is wrong with a value, in words that do not ask for knowledge of a parser."""
    return NO_ID if fault["type"] == "uuid_parsing" else fault["msg"]


def _names_no_page(request: HTTPConnection, error: ValidationException) -> bool:
    """Whether it is the address of a page that makes no sense; the calls of the API document another answer."""
    is_page = not getattr(request.scope.get("route"), "include_in_schema", True)
    return is_page and any(fault["loc"][0] == "path" for fault in error.errors())


def _http(request: HTTPConnection, error: Exception) -> Fault:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = allowed(request)
        return Fault(
            error.status_code, "http", f"This address takes no such method. It takes: {methods['Allow']}.", methods
        )
    said = NO_ADDRESS if error.status_code == HTTPStatus.NOT_FOUND else str(error.detail)
    return Fault(error.status_code, "http", said, dict(error.headers or {}))
