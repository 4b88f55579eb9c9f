"""What every page has around it: language, theme, time zone, navigation, and the caller."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tolva.web.access.caller import Caller, Role
from tolva.web.pages.assets import static_url
from tolva.web.pages.coded import coded
from tolva.web.pages.flash import COOKIE, Flash, take_flash
from tolva.web.pages.formats import Formats, zone_of
from tolva.web.pages.languages import LANGUAGES, language_of, regional, translations
from tolva.web.pages.panel import kind_title
from tolva.web.pages.sentences import Sentences, known_sentences

THEME_COOKIE = "tolva_theme"
THEMES = ("light", "dark")
"""What can be chosen; without a choice it is the system's."""


@dataclass(frozen=True)
class NavItem:
    """A page of the main navigation. `title` in English; `needs` is the role that sees it."""

    href: str
    title: str
    needs: Role = Role.VIEWER


@dataclass(frozen=True)
class Shell:
    """Renders templates of these packages, the first that has one; see `page`."""

    packages: Sequence[str]
    nav: Sequence[NavItem]

    @cached_property
    def _environments(self) -> Mapping[str, Environment]:
        return {language: self._environment(language) for language in LANGUAGES}

    @cached_property
    def _sentences(self) -> Mapping[str, Sentences]:
        known = known_sentences(self.packages)
        return {language: Sentences(language, known) for language in LANGUAGES}

    def _environment(self, language: str) -> Environment:
        made = Environment(
            loader=ChoiceLoader([PackageLoader(package) for package in self.packages]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        words: Any = made  # the extension brings the method
        said = translations(self.packages, language)
        words.install_gettext_translations(said, newstyle=True)
        words.filters |= {
            "coded": coded,
            "kind_title": partial(kind_title, said.gettext),
            "translated": self._sentences[language].translated,
            "who": self._sentences[language].who,
        }
        return made

    def translate(self, request: Request, text: str) -> str:
        """What an error or a note says, in the reader's language; as it is where it is none of ours."""
        return self._sentences[language_of(request)].plain(text)

    def actor(self, request: Request, shown: str) -> str:
        """Whoever is shown to the reader under this name."""
        return self._sentences[language_of(request)].actor(shown)

    def page(
        self,
        request: Request,
        by: Caller | None,
        template: str,
        status: int = 200,
        flash: Flash | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """A whole page, or that block of it that the browser asks for. `by` is None before a login.

        `flash`: what was done by the call that this answers, if not by the one before it.
        """
        if flash is None and "hx-request" not in request.headers:
            flash = take_flash(request)
        answer = HTMLResponse(self.render(request, by, template, status=status, flash=flash, **context), status)
        if flash:
            answer.delete_cookie(COOKIE)
        return answer

    def render(self, request: Request, by: Caller | None, template: str, **context: Any) -> str:
        """The text of a template, as the reader of this request is to see it."""
        language = language_of(request)
        theme = request.cookies.get(THEME_COOKIE)

        def can(needed: Role) -> bool:
            return by is not None and by.role.covers(needed)

        def with_query(**changed: object) -> str:
            return _with_query(request, changed)

        around: dict[str, Any] = {
            "by": by,
            "can": can,
            "fmt": Formats(language, zone_of(request), regional(language, request.headers.get("accept-language", ""))),
            "here": _here(request, self.nav),
            "lang": language,
            "languages": LANGUAGES,
            "made_at": round(time.time() * 1000),
            "method": request.method.lower(),
            "nav": [item for item in self.nav if can(item.needs)],
            "path": request.url.path,
            "roles": Role,
            "static": static_url,
            "theme": theme if theme in THEMES else "",
            "with_query": with_query,
        }
        return self._environments[language].get_template(template).render(around | context)


def _here(request: Request, nav: Sequence[NavItem]) -> str:
    """The present address; where it answers a form, which cannot be asked for, the page that the form is of."""
    path = request.url.path
    if request.method not in ("GET", "HEAD"):
        return next((item.href for item in nav if path == item.href or path.startswith(f"{item.href}/")), "/")
    return path + (f"?{request.url.query}" if request.url.query else "")


def _with_query(request: Request, changed: Mapping[str, object]) -> str:
    """The present address with other parameters; None drops one."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    given = [(name, value) for name, value in changed.items() if value is not None]
    return f"{request.url.path}?{urlencode([*kept, *given])}"
