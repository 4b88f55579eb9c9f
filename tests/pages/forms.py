"""The forms of a page, and what a page says, for whoever walks through them."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

WRITTEN = ("text", "url", "number", "password", "search", "")
"""Kinds of input that people write into."""


@dataclass
class Form:
    """A form that posts: what it has by itself, and the names of what is written into it."""

    action: str
    given: dict[str, str] = field(default_factory=dict[str, str])
    written: list[str] = field(default_factory=list[str])

    def filled(self, text: str) -> dict[str, str]:
        """With the same text in all that is written."""
        return self.given | dict.fromkeys(self.written, text)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(has.get("action", "")))
            if has.get("method") != "post":
                self.found[-1].action = ""
        elif self.found and has.get("name"):
            self._field(self.found[-1], tag, has)
        elif self.found and tag == "option" and self._select and self._select not in self.found[-1].given:
            self.found[-1].given[self._select] = has.get("value", "")

    def _field(self, form: Form, tag: str, has: dict[str, str]) -> None:
        self._select = has["name"] if tag == "select" else ""
        if tag == "textarea" or (tag == "input" and has.get("type", "") in WRITTEN):
            form.written.append(has["name"])
        elif tag in ("input", "button"):
            form.given.setdefault(has["name"], has.get("value", "on"))


def forms_of(page: str) -> list[Form]:
    """Those that post something."""
    parser = _Forms()
    parser.feed(page)
    return [form for form in parser.found if form.action]


def texts_of(page: str) -> list[str]:
    """All that a page says, piece by piece."""
    body = re.sub(r"<(script|style|pre|code)\b.*?</\1>", "", page.partition("<body>")[2], flags=re.DOTALL)
    return [text for each in re.split(r"<[^>]*>", body) if (text := unescape(each).strip())]
