"""How numbers and dates are written: by a locale that somebody declared, or as a whole column shows.

`1,234` and `03/04/2026` each mean two things. Which one is read from the cells of the column that can mean but one
(`12,5`, `25/04/2026`); if none does, from the declared locale; if there is none, such cells are refused, never guessed.
Of integers see also `thousands`.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from tolva.errors import InvalidInput

DecimalSign = Literal[",", "."]
DateOrder = Literal["dmy", "mdy"]

SPACE = r"'’\s\x{a0}\x{202f}"
"""What separates thousands besides the two signs."""


def _certain(sign: str, group: str) -> str:
    """A number whose decimal sign cannot be taken for a separator of thousands, or the other way round."""
    grouped = rf"[0-9]{{1,3}}(?:[{group}{SPACE}][0-9]{{3}})+{sign}[0-9]*|[0-9]{{1,3}}(?:{group}[0-9]{{3}}){{2,}}"
    bare = rf"0+{sign}[0-9]*|[0-9]*{sign}(?:[0-9]{{0,2}}|[0-9]{{4,}})|[0-9]{{4,}}{sign}[0-9]+"
    return rf"^[+-]?(?:{grouped}|{bare})$"


COMMA = _certain(",", r"\.")
POINT = _certain(r"\.", ",")
EITHER = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
"""A number that may be a thousand times larger or smaller."""
EITHER_POINT, EITHER_COMMA = EITHER.replace(".,", "."), EITHER.replace(".,", ",")
ROUND = r"[.,]000$"
"""What is an integer either way."""

DAYS = r"^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-][0-9]{4}(?:[ T][0-9:.]+)?$"
"""Day and month, or month and day, then a year."""

POINT_OF_SPANISH = ("mx", "pe", "gt", "hn", "ni", "pa", "sv", "do", "pr", "cu", "us", "bz")
"""Countries where who writes Spanish writes decimals with a point (Unicode CLDR); elsewhere it is a comma."""
COMMA_OF_ENGLISH = (
    *("at", "be", "cz", "de", "dk", "ee", "es", "fi", "fr", "ge", "hu", "id", "it"),
    *("lt", "lv", "nl", "no", "pl", "pt", "ro", "se", "si", "sk", "ua", "za"),
)
"""Countries where who writes English writes them with a comma; elsewhere it is a point."""
LANGUAGES = ("es", "pt", "en")


@dataclass(frozen=True)
class Signs:
    """What a column uses; None where nothing tells."""

    decimal: DecimalSign | None = None
    order: DateOrder | None = None
    numbers: pl.Series | None = field(default=None, compare=False, repr=False)
    """Rows (UInt32, ascending) whose cells are numbers by their kind, beside texts that these signs are for."""


@dataclass(frozen=True)
class Clues:
    """What the cells of a column have shown so far."""

    comma: bool = False
    point: bool = False
    either_point: bool = False
    """Whether there is a cell such as `1.234`; and below, `1,234`."""
    either_comma: bool = False
    uneven: bool = False
    """Whether one of these is an integer only if its sign separates thousands: `1.234` is so, `1.000` is not."""
    day_first: bool = False
    month_first: bool = False
    either_first: bool = False

    @property
    def either(self) -> bool:
        """Whether there are numbers that may be a thousand times larger or smaller."""
        return self.either_point or self.either_comma

    def of_numbers(self, text: pl.Series) -> "Clues":
        """The clues after some more cells of a column of numbers."""
        marked = text.filter(text.str.contains("[.,]"))
        if not marked.len():
            return self
        either = marked.filter(marked.str.contains(EITHER))
        return Clues(
            self.comma or _any(marked, COMMA),
            self.point or _any(marked, POINT),
            self.either_point or _any(either, EITHER_POINT),
            self.either_comma or _any(either, EITHER_COMMA),
            self.uneven or not either.str.contains(ROUND).all(),
        )

    def of_dates(self, text: pl.Series) -> "Clues":
        """The clues after some more cells of a column of dates."""
        parts = text.str.extract_groups(DAYS).struct.unnest().cast(pl.Int32)
        first, second = pl.col("1"), pl.col("2")
        found = parts.select(
            ((first > 12) & (second <= 12)).any().alias("day"),  # 13/13 is no date, and tells nothing
            ((second > 12) & (first <= 12)).any().alias("month"),
            ((first <= 12) & (second <= 12) & (first != second)).any().alias("either"),
        ).row(0)
        return Clues(
            day_first=self.day_first or bool(found[0]),
            month_first=self.month_first or bool(found[1]),
            either_first=self.either_first or bool(found[2]),
        )

    def signs(self, declared: Signs) -> Signs:
        """What the column uses. Cells that contradict each other leave only those readable that mean one thing."""
        if self.comma or self.point:
            decimal = None if self.comma and self.point else "," if self.comma else "."
        else:
            decimal = declared.decimal
        if self.day_first or self.month_first:
            order = None if self.day_first and self.month_first else "dmy" if self.day_first else "mdy"
        else:
            order = declared.order
        return Signs(decimal, order)

    def undecided(self, signs: Signs) -> bool:
        """Whether there are cells that only a locale can tell."""
        return (self.either and signs.decimal is None) or (self.either_first and signs.order is None)


def signs_of(locale: str | None, path: str = "locale") -> Signs:
    """The signs of a locale such as `es-CO`, in any case; nothing is declared by None.

    Raises InvalidInput for another language.

    >>> signs_of("es-CO"), signs_of("EN_us")
    (Signs(decimal=',', order='dmy'), Signs(decimal='.', order='mdy'))
    """
    if locale is None:
        return Signs()
    language, _, country = locale.lower().replace("_", "-").partition("-")
    if language not in LANGUAGES:
        raise InvalidInput(f"{path}: {locale!r} is not a locale of {', '.join(LANGUAGES)}; write es-CO, for instance")
    point = country not in COMMA_OF_ENGLISH if language == "en" else language == "es" and country in POINT_OF_SPANISH
    return Signs("." if point else ",", "mdy" if language == "en" and country in ("", "us") else "dmy")


def _any(text: pl.Series, pattern: str) -> bool:
    return bool(text.str.contains(pattern).any())
