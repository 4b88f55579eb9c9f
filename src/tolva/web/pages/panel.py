"""What a workload has to say on the page of a job of its."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import Request

from tolva.db.pool import Connection

Told = Callable[[Connection, DictRow, Request], Mapping[str, Any]]
"""What a panel's templates are given for a job, read in the transaction of the page, under the reader's tenant."""


@dataclass(frozen=True)
class Panel:
    """For jobs of `kinds`: `live` is rendered anew whenever the job moves, `below` once for each visit.

    Both are names of templates; `actions` is one with the buttons of the job. They see `job`, and what `tell` gives
    as `panel`.
    """

    kinds: tuple[str, ...]
    tell: Told
    live: str
    below: str
    actions: str
