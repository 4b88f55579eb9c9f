"""Columns of integers whose cells mean two things: `1.234` is no integer unless its point separates thousands.

What tells it is that a fraction would be refused, or how the other columns of the file write their numbers. Where these
contradict each other, nothing is decided, and a locale that somebody named comes first. A column of `1.000` and `2.000`
may count thousands, or pieces with three decimals: only other columns tell.
"""

from collections.abc import Mapping

from tolva.tables.locale import Clues, DecimalSign, Signs
from tolva.tables.schema import Schema


def separated(clues: Mapping[str, Clues], signs: Mapping[str, Signs], schema: Schema) -> dict[str, DecimalSign]:
    """The decimal sign of each field of integers that nothing else decided, by what separates its thousands.

    `clues` are those of texts alone, `signs` what the columns show by themselves or a locale declares.
    """
    clear: set[DecimalSign] = {sign for found in clues.values() for sign in _clear(found)}
    found: dict[str, DecimalSign] = {}
    for name, shown in clues.items():
        sign = _decimal(shown, clear)
        if sign and schema.field(name).kind == "integer" and _open(shown, signs[name]):
            found[name] = sign
    return found if len(set(found.values())) == 1 else {}


def _clear(clues: Clues) -> set[DecimalSign]:
    """The signs for decimals that the cells of a column show."""
    shown: dict[DecimalSign, bool] = {",": clues.comma, ".": clues.point}
    return {sign for sign, there in shown.items() if there}


def _open(clues: Clues, signs: Signs) -> bool:
    return signs.decimal is None and not _clear(clues)


def _decimal(clues: Clues, clear: set[DecimalSign]) -> DecimalSign | None:
    """The decimal sign where the cells that mean two things separate thousands.

    >>> stock = Clues(either_point=True, uneven=True)
    >>> _decimal(stock, set()), _decimal(stock, {","}), _decimal(stock, {"."})
    (',', ',', None)
    >>> _decimal(Clues(either_point=True), set()), _decimal(Clues(either_point=True), {","})
    (None, ',')
    """
    if clues.either_point == clues.either_comma:
        return None
    sign: DecimalSign = "," if clues.either_point else "."
    return sign if clear == {sign} or (clues.uneven and not clear) else None
