"""What the text of a cell looks like, without knowing what it is meant to be."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

CellKind = Literal["blank", "number", "date", "time", "flag", "link", "code", "text", "odd"]

MONTHS = (
    "ene(?:ro)?|jan(?:eiro|uary)?|feb(?:rero|ruary)?|fev(?:ereiro)?|mar(?:zo|ço|ch)?|abr(?:il)?|apr(?:il)?|may(?:o)?"
    "|mai(?:o)?|jun(?:io|ho|e)?|jul(?:io|ho|y)?|ago(?:sto)?|aug(?:ust)?|sep(?:tiembre|tember)?|sept|set(?:embro)?"
    "|setiembre|oct(?:ubre|ober)?|out(?:ubro)?|nov(?:iembre|embro|ember)?|dic(?:iembre)?|dez(?:embro)?|dec(?:ember)?"
)
"""Names of months in Spanish, Portuguese and English, whole and short."""

KINDS: tuple[tuple[CellKind, re.Pattern[str]], ...] = (
    ("number", re.compile(
        r"(?:[A-Z]{3} |R\$|US\$|S/\.?|[$€£¥]|[+-])? ?[+-]?"
        r"(?:\d{1,3}(?:[.,'\u00a0\u202f ]\d{3})+(?:[.,]\d+)?|\d+[.,]?\d*|[.,]\d+)"
        r"(?:[eE][+-]?\d+)? ?(?:%|€|\$|[A-Z]{3})?|\((?:\$ ?)?[\d.,]+\)"
    )),
    ("date", re.compile(
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?"
        r"|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?: \d{1,2}:\d{2}(?::\d{2})?(?: ?[aApP]\.?[mM]\.?)?)?"
        rf"|\d{{1,2}}[-/ .](?:de )?(?:{MONTHS})\.?[-/ ,.]+(?:de )?\d{{2,4}}|(?:{MONTHS})\.? \d{{1,2}},? \d{{4}}"
        rf"|(?:{MONTHS})[-/ ]\d{{2,4}}",
        re.IGNORECASE,
    )),
    ("time", re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?", re.IGNORECASE)),
    ("flag", re.compile(
        r"true|false|yes|no|s[ií]|n[ãa]o|verdader[oa]|fals[oa]|verdadeiro|[yn]|n/?[ad]\.?|null|none", re.IGNORECASE
    )),
    ("link", re.compile(r"(?:https?|ftp)://\S+|www\.\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)),
    ("code", re.compile(r"(?=\S*\d)[\w.#/:+-]+")),
    ("text", re.compile(r"[^\W\d_][^\t;|\"\n]*|[\w(¿¡#*'&/+.-][^\t;|\"\n]*")),
)  # fmt: skip
"""The first that fits the whole trimmed cell decides."""

TYPED: tuple[CellKind, ...] = ("number", "date", "time", "flag", "link", "code")
MEASURED: tuple[CellKind, ...] = ("number", "date", "time")
BODY = 60
"""Rows below a header that are looked at."""
LONGEST = 2_000
"""Characters of a cell that are looked at."""


@lru_cache(maxsize=65_536)
def kind_of(cell: str) -> CellKind:
    """The kind of a cell.

    >>> [kind_of(cell) for cell in ("", "1.234,50", "03/04/2026", "sí", "AB-12", "Leche entera", '5" x')]
    ['blank', 'number', 'date', 'flag', 'code', 'text', 'odd']
    """
    text = cell.strip()
    if not text:
        return "blank"
    if len(text) > LONGEST:
        return "text"
    for kind, pattern in KINDS:
        if pattern.fullmatch(text):
            return kind
    return "odd"


def column_kinds(rows: Sequence[Sequence[str]], first: int, width: int) -> list[CellKind]:
    """The most frequent kind of each column in the rows from `first` on."""
    kinds: list[CellKind] = []
    for column in range(width):
        cells = (row[column] for row in rows[first : first + BODY] if len(row) > column and row[column].strip())
        found: list[CellKind] = [kind_of(cell) for cell in cells]
        kinds.append(max(found, key=found.count) if found else "blank")
    return kinds
