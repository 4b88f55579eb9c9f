"""The refused rows of a load, and what is wrong with each."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import TooLarge
from tolva.tables.fold import fold
from tolva.workloads.intake.sql import SQL

MOST_ROWS = 200_000
"""More refused rows than this nobody corrects by hand."""
SEPARATOR = ", "
"""Between the columns of an error that is about several."""
PAGE = 5_000
"""Errors that are fetched at once."""


@dataclass
class Faulty:
    """One refused row: what is wrong with it, and under which headers."""

    messages: list[str]
    headers: set[str]


def faulty_rows(db: Database, tenant_id: str, job_id: JobId, known: Collection[str]) -> dict[int, Faulty]:
    """By their numbers; `known` are headers that fed fields. Raises TooLarge when they are too many to correct."""
    found: dict[int, Faulty] = defaultdict(lambda: Faulty([], set()))
    row, n = -1, -1
    while True:
        with db.transaction(tenant_id) as conn:
            given = {"job_id": job_id, "row": row, "n": n, "most": PAGE}
            page = conn.execute(SQL["row_errors"], given).fetchall()
        if not page:
            return found
        for error in page:
            headers = headers_in(error["column"] or "", known)
            found[error["row"]].messages.append(_under_headers(error["message"], headers))
            found[error["row"]].headers.update(headers)
        if len(found) > MOST_ROWS:
            raise TooLarge(f"Hay más de {MOST_ROWS} filas rechazadas; descargue la lista de errores en CSV.")
        row, n = page[-1]["row"], page[-1]["n"]


def headers_in(column: str, known: Collection[str]) -> list[str]:
    """The headers that the column of an error names, one or several. With a comma in one, the longest known.

    >>> headers_in("Precio, neto, SKU", {"Precio, neto", "SKU"}), headers_in("Precio, SKU", {"SKU"}), headers_in("", {})
    (['Precio, neto', 'SKU'], ['Precio', 'SKU'], [])
    """
    found: list[str] = []
    left = column.split(SEPARATOR) if column else []
    while left:
        lengths = range(len(left), 1, -1)
        length = next((each for each in lengths if SEPARATOR.join(left[:each]) in known), 1)
        found.append(SEPARATOR.join(left[:length]))
        left = left[length:]
    return found


def _under_headers(message: str, headers: Sequence[str]) -> str:
    """A message, which names fields, with the headers of their columns where these are something else.

    >>> _under_headers('precio: "x" no es un número', ["Unit price"]), _under_headers('precio: "x" no es …', ["PRECIO"])
    ('precio: "x" no es un número (columna "Unit price")', 'precio: "x" no es …')
    """
    told = f" {fold(message)} "
    others = [f'"{header}"' for header in headers if f" {fold(header)} " not in told]
    return f"{message} (columna {', '.join(others)})" if others else message
