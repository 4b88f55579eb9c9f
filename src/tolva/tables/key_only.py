"""Rows that give nothing but their key. Titles of groups and totals look like that, and so may records."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from dataclasses import dataclass, replace

import polars as pl

from tolva.tables.parse import text_of
from tolva.tables.proposal import ColumnMapping, Match
from tolva.tables.reading.source import Frame
from tolva.tables.schema import Schema

SHOWN = 10
TAKE_OUT = "Si son títulos, totales u observaciones, quítelos del archivo."


@dataclass(frozen=True)
class KeyOnly:
    """How many rows fill nothing but one column, and the numbers of the first of them."""

    key: Match
    others: tuple[Match, ...]
    count: int = 0
    first: tuple[int, ...] = ()

    @classmethod
    def of(cls, mapping: ColumnMapping, schema: Schema) -> "KeyOnly | None":
        """Before any row was seen; None where the schema refuses such rows, or there is but one column."""
        required = [match for match in mapping.matches if schema.field(match.field).required]
        others = tuple(match for match in mapping.matches if match not in required)
        return cls(required[0], others) if len(required) == 1 and others else None

    def after(self, frame: Frame, schema: Schema) -> "KeyOnly":
        """The same after one more frame."""
        rows = frame.rows.filter(pl.col("flaw").is_null())
        for match in self.others:  # the first of them leaves few rows, so the rest costs little
            rows = rows.filter(_text(match, schema).is_null())
        rows = rows.filter(_text(self.key, schema).is_not_null())
        first = (*self.first, *rows["row"].head(SHOWN - len(self.first)))
        return replace(self, count=self.count + rows.height, first=first)

    def note(self, total: int) -> str | None:
        """What to tell of these rows, given how many the file has; nothing where most are like that."""
        if not self.count or self.count * 2 > total:
            return None
        numbers = ", ".join(map(str, self.first)) + (" …" if self.count > len(self.first) else "")
        header = self.key.header
        if self.count == 1:
            return f'La fila {numbers} solo tiene "{header}", y se trata como las demás. {TAKE_OUT}'
        return f'{self.count} filas ({numbers}) solo tienen "{header}", y se tratan como las demás. {TAKE_OUT}'


def _text(match: Match, schema: Schema) -> pl.Expr:
    return text_of(f"c{match.column}", schema.field(match.field), schema)
