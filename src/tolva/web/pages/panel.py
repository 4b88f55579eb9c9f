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

    def title(self, kind: str) -> str:
        """What people call jobs of a kind, in English."""
        panel = self.of(kind)
        return panel.kinds[kind] if panel else kind

    def titles(self, catalogue: Catalogue) -> dict[str, str]:
        """The same of every kind that there is."""
        return {kind: self.title(kind) for kind in sorted(catalogue.handlers)}
