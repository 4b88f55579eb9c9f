"""Finds out how a text file separates and quotes its cells.

Each dialect that the text could have is tried on its first lines. The right one yields rows of one width, and cells
that look like something: the measure follows van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting
row and type patterns" (2019), with kinds of cells of our own.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set

from tolva.tables.fold import fold
from tolva.tables.reading.cell_kinds import kind_of
from tolva.tables.reading.csv_cells import ANY_WIDTH, Open, Splitter
from tolva.tables.reading.dialect import Dialect

DELIMITERS = (",", ";", "\t", "|", "\x1f", "\x01", "^", "~", "¦", "§", "||", "::", ":", " ")
"""In the order in which a tie is decided."""
QUOTES = ('"', "'")
LINES = 200
CELLS = 6_000
"""So many lines and cells are judged."""
SAMPLE = 128 * 1024
"""And so many characters."""
ODD_CELL = 0.1
"""What a cell that looks like nothing counts, beside 1."""
WEAK = (":", " ")
"""What stands inside of cells as well, in times and between words."""
WEAK_FACTOR = 0.6
SPACED_FACTOR = 0.75
"""With a blank behind it, it may be the punctuation of a sentence."""
CROWDED = re.compile(r"\w[,;|]\w")
"""A text in which words hang together by what may be the delimiter."""
CROWDED_COSTS = 0.5


def find_dialect(
    text: str,
    *,
    final: bool,
    known: Set[str] = frozenset(),
    delimiter: str | None = None,
    quote: str | None = None,
) -> Dialect:
    """The dialect of a file that begins with `text`, or is all of it if `final`.

    `known` are folded names that a header would have: where several stand side by side, nothing else counts.
    `delimiter` and `quote` ("" for none) are the user's word.
    """
    if delimiter is not None and quote is not None:
        return Dialect(delimiter, quote or None)
    sample = _sample(text, final=final)
    best, most = Dialect(delimiter or ",", '"' if quote is None else quote or None), (0, 0.0)
    for dialect in _candidates(sample, delimiter, quote):
        rows = list(_rows(sample, dialect))
        names = max((len({fold(cell) for cell in row} & known) for row in rows), default=0) if known else 0
        score = (names if names > 1 else 0, _score(rows, dialect))
        if score[0] > most[0] or (score[0] == most[0] and score[1] > most[1] * (1 + 1e-6)):
            best, most = dialect, score
    return best


def _sample(text: str, *, final: bool) -> str:
    """Whole lines only, unless there is but one."""
    text = text.replace("\r\n", "\n")
    cut = text[:SAMPLE]
    whole = cut if final and len(text) <= SAMPLE else cut[: cut.rfind("\n") + 1] or cut
    return whole.rstrip("\n") + "\n"


def _candidates(sample: str, delimiter: str | None, quote: str | None) -> Iterator[Dialect]:
    for sign in DELIMITERS if delimiter is None else (delimiter,):
        if sign not in sample or _is_half(sample, sign):
            continue
        spaced = sign not in (" ", "\t") and _follows(sample, sign)
        for mark in QUOTES if quote is None else (quote or None,):
            if mark is None or not _encloses(sample, sign, mark):
                continue
            plain, escaped = Dialect(sign, mark, None, spaced), Dialect(sign, mark, "\\", spaced)
            if f"\\{mark}" in sample:
                yield from (plain, escaped) if _doubles(sample, sign, mark) else (escaped, plain)
            else:
                yield plain
        if quote is None or not quote:
            yield Dialect(sign, '"' if quote is None else None, None, spaced)


def _is_half(sample: str, sign: str) -> bool:
    """Whether it stands in pairs only, and the pair is the delimiter."""
    return 2 * sign in DELIMITERS and sample.count(sign) == 2 * sample.count(2 * sign)


def _follows(sample: str, sign: str) -> bool:
    """Whether a blank follows almost every delimiter."""
    return sample.count(f"{sign} ") > 0.9 * sample.count(sign)


def _encloses(sample: str, sign: str, mark: str) -> bool:
    """Whether cells may be quoted so: the mark stands beside a delimiter or a line's end."""
    return any(near in sample for near in (f"{sign}{mark}", f"{mark}{sign}", f"\n{mark}", f"{sign} {mark}")) or (
        sample.startswith(mark)
    )


def _doubles(sample: str, sign: str, mark: str) -> bool:
    """Whether a doubled mark stands inside of cells."""
    sign, mark = re.escape(sign), re.escape(mark)
    return re.search(rf"(?<!\\)(?<!{sign})(?<!\n){mark}{mark}(?!{sign}|\n)", sample) is not None


def _score(rows: Sequence[Sequence[str]], dialect: Dialect) -> float:
    widths = Counter(map(len, rows))
    if not widths or (dialect.delimiter in WEAK and not _steady(widths)):
        return 0.0
    pattern = sum(count * max(width - 1, 0.001) / width for width, count in widths.items()) / len(widths)
    cells = [cell for row in rows for cell in row][:CELLS]
    kinds = Counter(map(kind_of, cells))
    known = sum(ODD_CELL if kind == "odd" else 1.0 for kind in kinds.elements())
    crowded = sum(CROWDED.search(cell) is not None and kind_of(cell) == "text" for cell in cells)
    doubt = (WEAK_FACTOR if dialect.delimiter in WEAK else 1.0) * (SPACED_FACTOR if dialect.skip_space else 1.0)
    return doubt * pattern * (known - CROWDED_COSTS * crowded) / max(len(cells), 1)


def _steady(widths: Counter[int]) -> bool:
    """Whether nearly all rows have one width, of several cells."""
    width, count = widths.most_common(1)[0]
    return width > 1 and count >= 0.3 * widths.total()


def _rows(sample: str, dialect: Dialect) -> Iterator[list[str]]:
    splitter, at = Splitter(dialect), 0
    for _ in range(LINES):
        if at >= len(sample):
            return
        try:
            record = splitter.record(sample, at, ANY_WIDTH, final=True)
        except Open:
            return
        at = record.end + 1
        if any(map(str.strip, record.cells)):
            yield record.cells
