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
class Told:
    """Something done to `name`; of many jobs: to how many, how many were left, and whether there are more."""

    what: What
    done: int = 0
    left: int = 0
    more: bool = False
    name: str = ""


def telling(answer: Response, told: Told) -> Response:
    """The answer to a form, which tells the next page."""
    text = f"{told.what}.{told.done}.{told.left}.{told.more:d}.{quote(told.name[:MOST_NAME], safe='')}"
    answer.set_cookie(COOKIE, text, max_age=KEPT, httponly=True, samesite="lax")
    return answer


def told_to(request: HTTPConnection) -> Told | None:
    """What the page before left to be told; None for what we did not write."""
    parts = request.cookies.get(COOKIE, "").split(".", 4)
    said, counts, names = parts[0], parts[1:4], parts[4:]
    what = WHATS.get(said)
    if what is None or not names or [each.isdecimal() and len(each) < 9 for each in counts] != [True] * 3:
        return None
    done, left, more = map(int, counts)
    return Told(what, done, left, bool(more), unquote(names[0])[:MOST_NAME])
