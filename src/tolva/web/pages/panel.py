"""What a workload has to say on the page of a job of its."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import Request

from tolva.db.pool import Connection
from tolva.jobs.catalogue import Catalogue

Told = Callable[[Connection, DictRow, Request], Mapping[str, Any]]
"""What a panel's templates are given for a job, read in the transaction of the page, under the reader's tenant."""


@dataclass(frozen=True)
class Panel:
    """For jobs of `kinds`, each with its title in English.

    `live` is rendered anew whenever the job moves, `below` once for each visit and when the job has ended. Both are
    names of templates; `actions` is one with the buttons of the job. They see `job`, and what `tell` gives as `panel`.
    """

    kinds: Mapping[str, str]
    tell: Told
    live: str
    below: str
    actions: str


@dataclass(frozen=True)
class Panels:
    """Those of all workloads."""

    all: Sequence[Panel]

    def of(self, kind: str) -> Panel | None:
        """The panel for jobs of a kind."""
        return next((panel for panel in self.all if kind in panel.kinds), None)

    def titles(self, catalogue: Catalogue) -> dict[str, str]:
        """What people call jobs of every kind that there is, in English; without a panel, as programs do."""
        known = {kind: title for panel in self.all for kind, title in panel.kinds.items()}
        return {kind: known.get(kind, kind) for kind in sorted(catalogue.handlers)}


def kind_title(said: Callable[[str], str], kind: str, titles: Mapping[str, str]) -> str:
    """What jobs of a kind are called in the language that `said` brings a title into.

    A kind that has no title may be anybody's text, and stays as it is.

    >>> [kind_title(str.upper, kind, {"load": "Load of a file"}) for kind in ("load", "<b>")]
    ['LOAD OF A FILE', '<b>']
    """
    title = titles.get(kind, kind)
    return kind if title == kind else said(title)
