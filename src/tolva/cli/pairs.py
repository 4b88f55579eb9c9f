"""Options of the form NAME=VALUE."""

from typing import Annotated

import typer

from tolva.errors import InvalidInput

Answers = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="COLUMN=FIELD where the header does not tell; COLUMN= leaves it out. A column is named by its header, or "
        "by its place: @3 is the third.",
    ),
]

EXAMPLES = {"--param": "--param proveedor_id=PROV001", "--map": "--map Importe=precio, --map @3=precio or --map Nota="}


def chosen(answers: list[str] | None) -> dict[str, str | None]:
    """What --map says: the field for a column, None for one to leave out. Raises InvalidInput."""
    return {column: field or None for column, field in pairs("--map", answers or [], blank=True).items()}


def pairs(option: str, given: list[str], *, blank: bool = False) -> dict[str, str]:
    """What was given as NAME=VALUE, each name once. Raises InvalidInput."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not (name and equals and (value or blank)):
            raise InvalidInput(f"{option} {text}: write NAME=VALUE, for instance {EXAMPLES[option]}.")
        if name in found:
            raise InvalidInput(f"{option} {name} is given twice; give it once.")
        found[name] = value
    return found
