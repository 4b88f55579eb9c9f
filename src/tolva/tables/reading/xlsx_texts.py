"""Cells of an XLSX whose text the parser does not give: errors, formulas without a result, durations.

It yields errors (#N/A …) and missing results as blank cells, which would mean "keep the old value", and durations as
dates of the year 1900.
"""

import re
from collections.abc import Iterator, Set

from tolva.tables.formula_errors import NO_RESULT
from tolva.tables.reading.clock import clock

REFERENCE = rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']"""
IS_ERROR = rb"""\st\s*=\s*["']e["']"""
PLACE = re.compile(REFERENCE)
IS_TEXT = re.compile(rb"""\st\s*=\s*["'](?:str|s|inlineStr|e)["']""")
ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?=[^<>]*" + IS_ERROR + rb")[^<>]*?" + REFERENCE + rb"[^<>]*(?<!/)>"
    rb"(?:(?!</(?:\w+:)?c>).){0,65536}?<(?:\w+:)?v>([^<]{1,32})</",
    re.DOTALL,
)
CELL = rb"<(?:\w+:)?c(\s[^<>]*)(?<!/)>\s*"
FORMULA = rb"<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*(?<!/)>[^<]*</(?:\w+:)?f>)\s*"
UNSOLVED_CELL = re.compile(CELL + FORMULA + rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</|</(?:\w+:)?c>)")
UNSOLVED = (b"f></", b"f><v/>", b"f><v />", b"f><v></", b"/></c>", b"/><v/>", b"/><v />", b"/><v></", b":f", b"\n")
"""Signs that there may be one: they are much faster to look for."""
NUMBER_CELL = (
    rb'<(?:\w+:)?c(\s[^<>]*?\bs="(?:%b)"[^<>]*)(?<!/)>\s*(?:' + FORMULA + rb")?"
    rb"<(?:\w+:)?v>\s*(-?\d{1,9}(?:\.\d{1,30})?(?:[eE]-\d{1,3})?)\s*</"
)
SECONDS = 86_400
"""Of a day, which is the number 1."""


def lost_texts(block: bytes, elapsed: re.Pattern[bytes] | None) -> Iterator[tuple[bytes, bytes, str]]:
    """Column, row and text of each such cell of some XML; `elapsed` finds durations.

    >>> list(lost_texts(b'<c r="A1" t="e"><v>#N/A</v></c><c r="B1"><f>2*5</f><v></v></c>', None))
    [(b'A', b'1', '#N/A'), (b'B', b'1', '#SIN RESULTADO!')]
    """
    if b'"e"' in block or b"'e'" in block:
        for column, row, text in ERROR_CELL.findall(block):
            yield column, row, text.decode()
    if b"<f" in block or b":f" in block:
        yield from _unsolved(block)
    for attributes, number in elapsed.findall(block) if elapsed else ():
        if (place := PLACE.search(attributes)) and not IS_TEXT.search(attributes):
            yield place[1], place[2], clock(float(number) * SECONDS)


def _unsolved(block: bytes) -> Iterator[tuple[bytes, bytes, str]]:
    """Formulas without a result; of one that is a text it is an empty one."""
    for attributes in UNSOLVED_CELL.findall(block) if any(sign in block for sign in UNSOLVED) else ():
        if (place := PLACE.search(attributes)) and not IS_TEXT.search(attributes):
            yield place[1], place[2], NO_RESULT


def elapsed_cells(styles: Set[int]) -> re.Pattern[bytes] | None:
    """Finds the numbers in cells of these styles."""
    numbers = b"|".join(b"%d" % style for style in sorted(styles))
    return re.compile(NUMBER_CELL % numbers) if styles else None
