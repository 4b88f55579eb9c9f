"""What was done, told once on the page that comes next: a cookie carries it over the redirect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from starlette.requests import HTTPConnection
from starlette.responses import Response

COOKIE = "tolva_told"
KEPT = 30
"""Seconds for which the next page may let us wait."""
What = Literal[
    "cancel", "retry", "dismiss", "schedule", "schedule-dropped", "dropped", "revoked", "paused", "resumed", "on", "off"
]
WHATS: Mapping[str, What] = {each: each for each in get_args(What)}


@dataclass(frozen=True)
class Flash:
    """Something done; of many jobs: to how many, how many were left, and whether the page asks for more of them."""

    what: What
    done: int = 0
    left: int = 0
    more: bool = False


def with_flash(answer: Response, flash: Flash) -> Response:
    """The answer to a form, which tells the next page; when there are no more."""
    text = f"{flash.what}.{flash.done}.{flash.left}"
    answer.set_cookie(COOKIE, text, max_age=KEPT, httponly=True, samesite="lax")
    return answer


def take_flash(request: HTTPConnection) -> Flash | None:
    """What the page before left to be told; None for what we did not write."""
    said, *counts = request.cookies.get(COOKIE, "").split(".")
    what = WHATS.get(said)
    if what is None or [each.isdecimal() and len(each) < 9 for each in counts] != [True] * 2:
        return None
    done, left = map(int, counts)
    return Flash(what, done, left)
