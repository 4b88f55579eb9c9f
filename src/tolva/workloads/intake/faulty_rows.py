"""The refused rows of a load, and what is wrong with each."""

from collections import defaultdict
from dataclasses import dataclass

from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import TooLarge
from tolva.tables.fold import fold
from tolva.workloads.intake.sql import SQL

MOST_ROWS = 200_000
"""More refused rows than this nobody corrects by hand."""
PAGE = 5_000
"""Errors that are fetched at once."""


@dataclass
class Faulty:
    """One refused row: what is wrong with it, and under which headers."""

    messages: list[str]
    headers: set[str]


def faulty_rows(db: Database, tenant_id: str, job_id: JobId) -> dict[int, Faulty]:
    """By their numbers. Raises TooLarge when they are too many to correct by hand."""
    found: dict[int, Faulty] = defaultdict(lambda: Faulty([], set()))
    row, n = -1, -1
    while True:
        with db.transaction(tenant_id) as conn:
            given = {"job_id": job_id, "row": row, "n": n, "most": PAGE}
            page = conn.execute(SQL["row_errors"], given).fetchall()
        if not page:
            return found
        for error in page:
            found[error["row"]].messages.append(_under_header(error["message"], error["column"] or ""))
            found[error["row"]].headers.update((error["column"] or "").split(", "))
        if len(found) > MOST_ROWS:
            raise TooLarge(f"Hay más de {MOST_ROWS} filas rechazadas; descargue la lista de errores en CSV.")
        row, n = page[-1]["row"], page[-1]["n"]


def _under_header(message: str, column: str) -> str:
    """A message, which names fields, with the headers of their columns where these are something else.

    >>> _under_header('precio: "x" no es un número', "Unit price"), _under_header('precio: "x" no es …', "PRECIO")
    ('precio: "x" no es un número (columna "Unit price")', 'precio: "x" no es …')
    """
    told = f" {fold(message)} "
    others = [f'"{header}"' for header in column.split(", ") if f" {fold(header)} " not in told] if column else []
    return f"{message} (columna {', '.join(others)})" if others else message
