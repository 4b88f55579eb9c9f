"""Headers to fields. What is ambiguous is asked, never guessed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tolva.errors import InvalidInput
from tolva.tables.fold import fold
from tolva.tables.schema import Field, Schema

How = Literal["exact", "alias", "normalised"]
CONFIDENCE: dict[How, float] = {"exact": 1.0, "alias": 0.95, "normalised": 0.9}


@dataclass(frozen=True)
class Match:
    """The column that feeds one field. `confidence` is from 0 to 1."""

    field: str
    column: int
    header: str
    how: How
    confidence: float


@dataclass(frozen=True)
class Mapping:
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


def known_names(schema: Schema) -> frozenset[str]:
    """The folded names by which a header can call the schema's fields."""
    names = (name for field in schema.file_fields for name in (field.name, field.title, *field.aliases))
    return frozenset(filter(None, map(fold, names)))


def match_headers(headers: tuple[str, ...], schema: Schema) -> Mapping:
    """Maps a file's headers to the schema's fields.

    Raises InvalidInput when there are no headers, two columns claim one field, or a required one has none.
    """
    if not any(header.strip() for header in headers):
        raise InvalidInput("El archivo no tiene encabezados: escriba los nombres de las columnas en la primera fila.")
    claims: dict[str, list[Match]] = defaultdict(list)
    ignored: list[str] = []
    for column, header in enumerate(headers):
        match = _match(column, header.strip(), schema)
        if match:
            claims[match.field].append(match)
        elif header.strip():
            ignored.append(header.strip())
    _refuse_doubles(claims.values())
    _refuse_missing(field for field in schema.file_fields if field.required and field.name not in claims)
    found = (claims[field.name][0] for field in schema.file_fields if field.name in claims)
    return Mapping(tuple(found), tuple(ignored))


def _match(column: int, header: str, schema: Schema) -> Match | None:
    for field in schema.file_fields:
        how = _how(header, field)
        if how:
            return Match(field.name, column, header, how, CONFIDENCE[how])
    return None


def _how(header: str, field: Field) -> How | None:
    if header == field.name:
        return "exact"
    if header in (field.title, *field.aliases):
        return "alias"
    folded = fold(header)
    known = (fold(name) for name in (field.name, field.title, *field.aliases))
    return "normalised" if folded and folded in known else None


def _refuse_doubles(claims: Iterable[list[Match]]) -> None:
    doubles = [matches for matches in claims if len(matches) > 1]
    if doubles:
        said = "; ".join(
            f"{matches[0].field}: " + ", ".join(f'"{match.header}" (columna {match.column + 1})' for match in matches)
            for matches in doubles
        )
        raise InvalidInput(f"Varias columnas corresponden al mismo campo; deje solo una de ellas. {said}")


def _refuse_missing(fields: Iterable[Field]) -> None:
    said = [f"{field.name} (encabezados aceptados: {', '.join((field.title, *field.aliases))})" for field in fields]
    if said:
        raise InvalidInput(f"Faltan columnas obligatorias: {'; '.join(said)}")
