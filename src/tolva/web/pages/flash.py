"""What was done, told once on the page that comes next: a cookie carries it over the redirect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote, unquote

from starlette.requests import HTTPConnection
from starlette.responses import Response

COOKIE = "tolva_told"
KEPT = 30
"""Seconds for which the next page may let us wait."""
MOST_NAME = 100
"""Characters of a name: a cookie has no room for a text of any length."""
What = Literal[
    "cancel", "retry", "dismiss", "schedule", "schedule-dropped", "dropped", "revoked", "paused", "resumed", "on", "off"
]
WHATS: Mapping[str, What] = {each: each for each in get_args(What)}


@dataclass(frozen=True)
class Flash:
    """Something done to `name`; of many jobs: to how many, how many were left, and if there are more."""

    what: What
    done: int = 0
    left: int = 0
    more: bool = False
    name: str = ""


def with_flash(request: HTTPConnection, answer: Response, flash: Flash) -> Response:
    """The answer to a form, which tells the next page."""
    text = f"{flash.what}.{flash.done}.{flash.left}.{flash.more:d}.{quote(flash.name[:MOST_NAME], safe='')}"
    answer.set_cookie(COOKIE, text, max_age=KEPT, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


def take_flash(request: HTTPConnection) -> Flash | None:
    """What the page before left to be told; None for what we did not write."""
    parts = request.cookies.get(COOKIE, "").split(".", 4)
    said, counts, names = parts[0], parts[1:4], parts[4:]
    what = WHATS.get(said)
    if what is None or not names or not all(each.isdecimal() and len(each) < 9 for each in counts):
        return None
    done, left, more = map(int, counts)
    return Flash(what, done, left, more=more > 0, name=unquote(names[0])[:MOST_NAME])
