"""The columns of a file for people: by header, and by their letters where that does not tell which one is meant."""

from collections.abc import Mapping
from dataclasses import dataclass

from tolva.core.job import Json
from tolva.tables.column_refs import PLACE, ref_of
from tolva.tables.own_columns import is_own
from tolva.tables.reading.xlsx_scan import column_letters


@dataclass(frozen=True)
class Called:
    """A column: `header`, "" where it has none; `letters` where the header is not its alone."""

    header: str
    letters: str | None


@dataclass(frozen=True)
class Taken:
    """A column that a load has read: the `field` that it fed, and `how` it came to it; None where it was left out."""

    column: Called
    field: str | None = None
    how: str | None = None


def called_so(name: str, header: str) -> Called:
    """The column that an answer calls `name`.

    >>> called_so("@3", "precio"), called_so("nombre", "nombre"), called_so("@2", "")
    (Called(header='precio', letters='C'), Called(header='nombre', letters=None), Called(header='', letters='B'))
    """
    found = PLACE.fullmatch(name)
    return Called(header, column_letters(int(found[1]) - 1) if found else None)


def taken_columns(progress: Json) -> list[Taken]:
    """What the progress of a load tells of its columns: those that it took in the order of the fields, then the others.

    >>> read = {"columns": ["SKU", "Nota"]}
    >>> sku = {"column": "SKU", "header": "SKU", "field": "codigo", "how": "alias"}
    >>> [(each.column.header, each.field) for each in taken_columns({"read": read, "matches": [sku]})]
    [('SKU', 'codigo'), ('Nota', None)]
    """
    matches = progress.get("matches", [])
    taken = [Taken(called_so(m["column"], m["header"]), m["field"], m["how"]) for m in matches]
    fed = {match["column"] for match in matches}
    return taken + [Taken(called_so(name, header)) for name, header in _seen(progress) if name not in fed]


def columns_of_errors(progress: Json) -> Mapping[str, Called]:
    """The columns that fed a field, by what errors call them."""
    return {m["header"] or m["column"]: called_so(m["column"], m["header"]) for m in progress.get("matches", [])}


def _seen(progress: Json) -> list[tuple[str, str]]:
    """By what an answer calls it, each column that has a header; of a file without headers, the places left out."""
    headers = progress.get("read", {}).get("columns", [])
    if not any(headers):
        return [(name, "") for name in progress.get("ignored_columns", [])]
    return [(ref_of(column, headers), header) for column, header in enumerate(headers) if header and not is_own(header)]
