"""What a workload has to say on the page of a job of its."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import Request

from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.jobs.catalogue import Catalogue

Told = Callable[[Connection, DictRow, Request], Mapping[str, Any]]
"""What a panel's templates are given for a job, read in the transaction of the page, under the reader's tenant."""
Tell = Callable[[str], str]
"""What an error says, for people."""
Tellers = Callable[[Connection, Sequence[str]], Mapping[str, Tell]]
"""By job, how to tell its errors; those of others are told as they are."""


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
    tellers: Tellers | None = None


@dataclass(frozen=True)
class Panels:
    """Those of all workloads."""

    all: Sequence[Panel]

    def of(self, kind: str) -> Panel | None:
        """The panel for jobs of a kind."""
        return next((panel for panel in self.all if kind in panel.kinds), None)

    def tellers(self, conn: Connection, ids: Sequence[str]) -> dict[str, Tell]:
        """How to tell the errors of these jobs."""
        told = [panel.tellers(conn, ids) for panel in self.all if panel.tellers and ids]
        return {id: tell for each in told for id, tell in each.items()}

    def retold(self, conn: Connection, rows: Sequence[DictRow], id: str = "id") -> list[DictRow]:
        """Rows of jobs with what their errors say for people; `id` is the column with the job."""
        tellers = self.tellers(conn, [str(row[id]) for row in rows if row["error"]])
        return [row | {"error": retell(row["error"], tellers.get(str(row[id])))} for row in rows]

    def titles(self, catalogue: Catalogue) -> dict[str, str]:
        """What people call jobs of every kind that there is, in English; without a panel, as programs do."""
        known = {kind: title for panel in self.all for kind, title in panel.kinds.items()}
        return {kind: known.get(kind, kind) for kind in sorted(catalogue.handlers)}


def retell(error: Json | None, tell: Tell | None) -> Json | None:
    """An error with what it says for people.

    >>> retell({"type": "InvalidInput", "message": "precio"}, str.title), retell(None, str.title)
    ({'type': 'InvalidInput', 'message': 'Precio'}, None)
    """
    return {**error, "message": tell(error["message"])} if error and tell else error


def kind_title(said: Callable[[str], str], kind: str, titles: Mapping[str, str]) -> str:
    """What jobs of a kind are called in the language that `said` brings a title into.

    A kind that has no title may be anybody's text, and stays as it is.

    >>> [kind_title(str.upper, kind, {"load": "Load of a file"}) for kind in ("load", "<b>")]
    ['LOAD OF A FILE', '<b>']
    """
    title = titles.get(kind, kind)
    return kind if title == kind else said(title)
