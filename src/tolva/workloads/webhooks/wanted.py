"""What a webhook is to be, within the limits that hold whoever asks for it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tolva.connectors.outward import Outward
from tolva.errors import InvalidInput
from tolva.jobs.catalogue import Catalogue
from tolva.tables.suggest import perhaps_meant
from tolva.workloads.webhooks.address import checked_address
from tolva.workloads.webhooks.event import EVERY, KIND

MOST_DESCRIPTION = 500
"""Characters of a description."""
MOST_NAME = 200
"""Characters of a kind of jobs, or a queue."""
MOST_NAMED = 50
"""Kinds of jobs that one is about, and queues."""
NO_KIND = "There is no kind of jobs '{}' for webhooks."
NO_QUEUE = "There is no queue '{}' for webhooks."
ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]*")


@dataclass(frozen=True)
class Limits:
    """Where webhooks may lead, and of which jobs they can tell."""

    outward: Outward
    catalogue: Catalogue

    @property
    def kinds(self) -> list[str]:
        """Those of all jobs but deliveries, which nobody is told of."""
        return sorted(self.catalogue.handlers.keys() - {KIND})

    @property
    def queues(self) -> list[str]:
        """The queues of these kinds."""
        return sorted({self.catalogue.queue_of(kind).name for kind in self.kinds})


@dataclass(frozen=True)
class Wanted:
    """What a webhook is to be. No kinds, or no queues, are all of them."""

    url: str
    events: Sequence[str]
    kinds: Sequence[str] = ()
    queues: Sequence[str] = ()
    description: str = ""
    active: bool = True

    def columns(self, limits: Limits) -> dict[str, Any]:
        """The same for a query. Raises InvalidInput."""
        return {name: checked() for name, checked in self._checks(limits).items()}

    def faults(self, limits: Limits) -> dict[str, str]:
        """What is wrong, by the names of the fields."""
        faults: dict[str, str] = {}
        for name, checked in self._checks(limits).items():
            try:
                checked()
            except InvalidInput as error:
                faults[name] = str(error)
        return faults

    def _checks(self, limits: Limits) -> dict[str, Callable[[], Any]]:
        """What makes a column of each field, or raises InvalidInput."""
        return {
            "url": partial(self._address, limits.outward),
            "events": partial(_told, self.events),
            "kinds": partial(self._named, self.kinds, limits.kinds, NO_KIND),
            "queues": partial(self._named, self.queues, limits.queues, NO_QUEUE),
            "description": partial(_described, self.description),
            "active": lambda: self.active,
        }

    def _address(self, outward: Outward) -> str:
        """One that is off may have an address that could never be told anything."""
        address = checked_address(self.url)
        if self.active:
            outward.require_allowed(address)
        return address

    def _named(self, names: Sequence[str], known: Sequence[str], fault: str) -> list[str]:
        """One that is off may name what there is no more."""
        _require_lines(names)
        if self.active:
            _require_known(names, known, fault)
        return list(names)


def _told(events: Sequence[str]) -> list[str]:
    if not events:
        raise InvalidInput("A webhook is about at least one kind of event.")
    if unknown := [name for name in events if name not in EVERY]:
        raise InvalidInput(f"There is no event '{unknown[0]}' for webhooks. There are: {', '.join(EVERY)}.")
    return list(dict.fromkeys(events))


def _described(text: str) -> str:
    if not _is_line(text, MOST_DESCRIPTION):
        raise InvalidInput(f"A webhook's description is one line of at most {MOST_DESCRIPTION} characters.")
    return text


def _require_lines(names: Sequence[str]) -> None:
    if len(names) > MOST_NAMED or not all(name and _is_line(name, MOST_NAME) for name in names):
        raise InvalidInput(
            f"A webhook names at most {MOST_NAMED} kinds of jobs and {MOST_NAMED} queues, each by one line of 1 to"
            f" {MOST_NAME} characters."
        )


def _require_known(names: Sequence[str], known: Sequence[str], fault: str) -> None:
    """What there is not would be waited for for ever."""
    if unknown := next((name for name in names if name not in known), None):
        near = perhaps_meant(unknown, known)
        raise InvalidInput(fault.format(unknown) + f"{near} There are: {', '.join(known)}.")


def _is_line(text: str, most: int) -> bool:
    """Of at most so many characters.

    >>> _is_line("Tells the shop", 20), _is_line("Tells the shop", 10), _is_line("Tells\\nthe shop", 20)
    (True, False, False)
    """
    return len(text) <= most and ONE_LINE.fullmatch(text) is not None
