"""Which columns a load took for which fields, where the header did not say just that, and which it left out."""

from rich.table import Table

from tolva.cli.listing import facts
from tolva.core.job import Json

HOW = {
    "by another name": ("alias", "normalised", "abbreviated"),
    "by likeness": ("fuzzy",),
    "as you said before": ("remembered",),
    "as you said": ("chosen",),
}
"""What to call the ways in which a column was matched; an exact match needs no word."""


def columns_told(progress: Json) -> Table:
    """What the progress of a load tells of its columns, one line for each way of matching."""
    told = [
        (label, ", ".join(_arrow(match) for match in progress.get("matches", ()) if match["how"] in ways))
        for label, ways in HOW.items()
    ]
    return facts([*told, ("left out", ", ".join(progress.get("ignored_columns", ())))])


def _arrow(match: Json) -> str:
    sure = f" ({match['confidence']:.0%} sure)" if match["how"] == "fuzzy" else ""
    return f"{column_called(match['column'], match['header'])} → {match['field']}{sure}"


def column_called(name: str, header: str) -> str:
    """A column as an answer calls it, with its header where that is something else.

    >>> column_called("precio", "precio"), column_called("@3", "precio"), column_called("@4", "")
    ('precio', '@3 "precio"', '@4')
    """
    return name if header in (name, "") else f'{name} "{header}"'
