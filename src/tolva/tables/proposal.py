"""What a file's headers may mean, what of it is sure, and what has to be asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tolva.tables.column_refs import ref_of
from tolva.tables.own_columns import is_own
from tolva.tables.question import Question
from tolva.tables.schema import Field

How = Literal["chosen", "exact", "alias", "normalised", "abbreviated", "fuzzy"]
SURE = 0.8
"""Confidence from which a match is used without a word from the user."""
MOST_ACCEPTED = 4
"""Headers by which a missing field could be called that a message names."""

NAMELESS = "El archivo no tiene encabezados: escriba los nombres de las columnas en la primera fila."


@dataclass(frozen=True)
class Match:
    """The column that feeds one field. `confidence` is from 0 to 1; without a header, `header` is its place."""

    field: str
    column: int
    header: str
    how: How
    confidence: float


@dataclass(frozen=True)
class ColumnMapping:
    """Which column of a file feeds which field, in the schema's order, and the headers that feed none."""

    matches: tuple[Match, ...]
    ignored: tuple[str, ...]

    def __contains__(self, field: str) -> bool:
        return any(match.field == field for match in self.matches)

    def of(self, field: str) -> Match:
        """The match of a field. Raises KeyError."""
        for match in self.matches:
            if match.field == field:
                return match
        raise KeyError(field)


@dataclass(frozen=True)
class Proposal:
    """What a file's headers may mean, for the user to confirm or correct."""

    headers: tuple[str, ...]
    matches: tuple[Match, ...]
    """The surest for each field, in the schema's order."""
    rivals: tuple[tuple[Match, ...], ...]
    """Columns that claim one field equally well."""
    missing: tuple[Field, ...]
    """Required fields that no column feeds for sure."""
    ignored: tuple[str, ...]
    required: frozenset[str]
    """Names of the fields that need a column."""

    @property
    def sure(self) -> ColumnMapping:
        """What a load would take from the file, were nothing in its way."""
        sure = tuple(match for match in self.matches if match.confidence >= SURE)
        unsure = tuple(match.header for match in self.matches if match.confidence < SURE)
        return ColumnMapping(sure, (*self.ignored, *unsure))

    @property
    def decided(self) -> ColumnMapping:
        """The same without the fields that several columns claim: which one feeds them has to be asked."""
        asked = {matches[0].field for matches in self.rivals}
        sure = self.sure
        return ColumnMapping(tuple(match for match in sure.matches if match.field not in asked), sure.ignored)

    @property
    def problem(self) -> str | None:
        """What the user has to decide or mend before anything can be loaded."""
        if not self.matches and not any(self.headers):
            return NAMELESS
        problems = list[str]()
        if self.rivals:
            rivals = _told_rivals(self.rivals)
            problems.append(f"Varias columnas corresponden al mismo campo; deje solo una de ellas. {rivals}")
        if self.missing:
            problems.append(f"Faltan columnas obligatorias: {_told_missing(self)}")
        return ". ".join(problems) or None

    @property
    def questions(self) -> tuple[Question, ...]:
        """The same for a program: what may be answered, and how each column is called then.

        A column that an optional field has may be answered as well: `Detalle` is a description, or what its file calls
        the name. Where the file has fewer such columns than fields that need one, no answer helps, and none is offered.
        """
        names = [ref_of(column, self.headers) for column in range(len(self.headers))]
        likely = {match.field: names[match.column] for match in self.matches}
        fed = {match.column for match in self.matches if match.confidence >= SURE and match.field in self.required}
        open_columns = [
            column for column, header in enumerate(self.headers) if column not in fed and not is_own(header)
        ]
        left = tuple(names[column] for column in open_columns)
        free = left if len(left) >= len(self.missing) else ()
        claimed = [tuple(names[match.column] for match in matches) for matches in self.rivals]
        asked = [Question(each[0].field, own, own[0]) for each, own in zip(self.rivals, claimed, strict=True)]
        return (*asked, *(Question(field.name, free, likely.get(field.name)) for field in self.missing))


def _told_rivals(rivals: Iterable[tuple[Match, ...]]) -> str:
    return "; ".join(
        f"{matches[0].field}: " + ", ".join(f'"{match.header}" (columna {match.column + 1})' for match in matches)
        for matches in rivals
    )


def _told_missing(proposal: Proposal) -> str:
    likely = {match.field: match.header for match in proposal.matches}
    return "; ".join(
        f'{field.name} (¿es "{likely[field.name]}"?)'
        if field.name in likely
        else f"{field.name} (encabezados aceptados: {_accepted(field)})"
        for field in proposal.missing
    )


def _accepted(field: Field) -> str:
    names = (field.title, *field.aliases)
    return ", ".join(names[:MOST_ACCEPTED]) + " …" * (len(names) > MOST_ACCEPTED)
