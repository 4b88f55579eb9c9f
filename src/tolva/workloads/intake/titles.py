"""What stands above the columns of a workbook to correct, so that it comes back to mean what the file meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from tolva.tables.column_refs import is_named
from tolva.tables.fold import fold
from tolva.tables.map import known_names
from tolva.tables.proposal import ColumnMapping
from tolva.tables.schema import Schema


@dataclass(frozen=True)
class Title:
    """`shown` stands above the column; `told` is what errors call it, None where it feeds no field."""

    shown: str
    told: str | None = None


def titles_of(headers: Sequence[str], schema: Schema, mapping: ColumnMapping) -> list[Title]:
    """One for each column: its own header, as long as that tells which one it is.

    A column that was meant by its place is called like its field, and no other may seem to be that: the workbook has
    more columns than the file, so what is remembered of files of that shape does not hold for it.
    """
    told = {match.column: match for match in mapping.matches}
    placed = {column: match.field for column, match in told.items() if not is_named(column, headers)}
    known = known_names(schema) if placed else frozenset[str]()
    return [
        Title(placed.get(column, header), told[column].header)
        if column in told
        else Title("" if fold(header) in known or not is_named(column, headers) else header)
        for column, header in enumerate(headers)
    ]
