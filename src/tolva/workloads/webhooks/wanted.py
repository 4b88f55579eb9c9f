"""What a webhook is to be, within the limits that hold whoever asks for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tolva.errors import InvalidInput
from tolva.workloads.webhooks.address import checked_address

MOST_DESCRIPTION = 500
MOST_NAME = 200
"""Characters of a description; of a kind of jobs, or a queue."""
MOST_NAMED = 50
"""Kinds of jobs that one is about, and queues."""
ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]*")


@dataclass(frozen=True)
class Wanted:
    """What a webhook is to be. No kinds, or no queues, are all of them."""

    url: str
    events: Sequence[str]
    kinds: Sequence[str] = ()
    queues: Sequence[str] = ()
    description: str = ""
    active: bool = True

    def columns(self) -> dict[str, Any]:
        """The same for a query. Raises InvalidInput."""
        if not self.events:
            raise InvalidInput("A webhook is about at least one kind of event.")
        if not _is_line(self.description, MOST_DESCRIPTION):
            raise InvalidInput(f"A webhook's description is one line of at most {MOST_DESCRIPTION} characters.")
        return {
            "url": checked_address(self.url),
            "events": list(dict.fromkeys(self.events)),
            "kinds": _named(self.kinds),
            "queues": _named(self.queues),
            "description": self.description,
            "active": self.active,
        }


def _named(names: Sequence[str]) -> list[str]:
    if len(names) > MOST_NAMED or not all(name and _is_line(name, MOST_NAME) for name in names):
        raise InvalidInput(
            f"A webhook names at most {MOST_NAMED} kinds of jobs and {MOST_NAMED} queues, each by one line of 1 to"
            f" {MOST_NAME} characters."
        )
    return list(names)


def _is_line(text: str, most: int) -> bool:
    """Of at most so many characters.

    >>> _is_line("Tells the shop", 20), _is_line("Tells the shop", 10), _is_line("Tells\\nthe shop", 20)
    (True, False, False)
    """
    return len(text) <= most and ONE_LINE.fullmatch(text) is not None
