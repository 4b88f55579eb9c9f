"""Login, logout, and the reader's preferences: kept in cookies, so that a page is right from its first byte."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.requests import Request
from starlette.responses import Response

from tolva.errors import Unauthenticated
from tolva.web.access.asking import Viewer
from tolva.web.access.gate import COOKIE, Gate, require_own_page
from tolva.web.access.sessions import LASTS, log_in, log_out
from tolva.web.pages.languages import COOKIE as LANGUAGE_COOKIE
from tolva.web.pages.languages import LANGUAGES
from tolva.web.pages.shell import THEME_COOKIE, THEMES, Shell

A_YEAR = 365 * 86_400
Next = Annotated[str, Form()]


def entry_router(shell: Shell, gate: Gate) -> APIRouter:
    """`/login`, `/logout` and `/preferences`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def login_form(request: Request, next: str = "/", over: str = "") -> Response:
        return shell.page(request, None, "login.html", next=local(next), fault=None, over=bool(over))

    @router.post("/login")
    def login(request: Request, key: Annotated[str, Form()] = "", next: Next = "/") -> Response:
        try:
            cookie = log_in(gate, request, key.strip())
        except Unauthenticated as fault:
            return shell.page(request, None, "login.html", 401, next=local(next), fault=str(fault), over=False)
        answer = to(next)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, cookie, max_age=LASTS, httponly=True, samesite="lax", secure=secure)
        return answer

    @router.post("/logout")
    def logout(request: Request, by: Viewer) -> Response:
        if cookie := request.cookies.get(COOKIE):
            log_out(gate.db, by.tenant_id, cookie)
        answer = to("/login")
        answer.delete_cookie(COOKIE)
        return answer

    @router.post("/preferences")
    def preferences(
        request: Request, lang: Annotated[str, Form()] = "", theme: Annotated[str, Form()] = "", next: Next = "/"
    ) -> Response:
        require_own_page(request)
        answer, secure = to(next), request.url.scheme == "https"
        if lang in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, lang, max_age=A_YEAR, samesite="lax", secure=secure)
        if theme in THEMES:
            answer.set_cookie(THEME_COOKIE, theme, max_age=A_YEAR, samesite="lax", secure=secure)
        else:
            answer.delete_cookie(THEME_COOKIE)
        return answer

    return router


def to(address: str) -> RedirectResponse:
    """The answer to a form: the browser goes on to a page of ours, which it can reload without sending it again."""
    return RedirectResponse(local(address), 303)


def local(address: str) -> str:
    """An address on this server; anything else is the start page.

    >>> local("/jobs?state=failed"), local("https://evil.example"), local("//evil.example")
    ('/jobs?state=failed', '/', '/')
    >>> local("/" + chr(9) + "/evil.example"), local("/jobs" + chr(10))
    ('/', '/')
    """
    # browsers leave control characters out, and what is left may name another server
    plain = all(character > " " for character in address)
    return address if plain and address.startswith("/") and address[1:2] not in ("/", "\\") else "/"
