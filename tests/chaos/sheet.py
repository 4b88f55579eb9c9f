"""Spreadsheets with everything that makes counting hard: bad rows, repeated keys, and rows that are stored already."""

import csv
import io
import random
from dataclasses import dataclass

HEADER = ("Código", "Nombre", "Precio", "Moneda", "Stock", "Certificado sanitario", "Tiempo de entrega", "Vencimiento")
Row = tuple[str, ...]

# What becomes of a row, in percent; the rest is new.
STORED, CHANGED, REPEATED, BAD = 25, 15, 8, 6

FAULTS: tuple[tuple[int, str], ...] = (
    (0, ""),
    (1, ""),
    (2, "-5"),
    (2, "1.2.3"),
    (4, "many"),
    (6, "900"),
    (7, "03/04/2027"),
)
"""Column and the cell that spoils it."""


@dataclass(frozen=True)
class Sheet:
    """A file and what is known about it without loading it."""

    name: str
    content: bytes
    rows: int
    bad: int


class Stationer:
    """Writes sheets, each knowing what those before it left in the table."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._stored: dict[str, Row] = {}
        self._keys: list[str] = []

    def sheet(self, name: str, rows: int) -> Sheet:
        """A sheet of so many rows."""
        lines: list[Row] = []
        bad = 0
        for _ in range(rows):
            line, is_bad = self._line(lines)
            lines.append(line)
            bad += is_bad
        return Sheet(name, _csv(lines), rows, bad)

    def _line(self, before: list[Row]) -> tuple[Row, bool]:
        kind = self._rng.randrange(100)
        if kind < BAD:
            return self._spoiled(self._fresh()), True
        return self._kept(self._sound(kind - BAD, before)), False

    def _sound(self, kind: int, before: list[Row]) -> Row:
        if kind < STORED and self._stored:
            return self._any_stored()
        if kind < STORED + CHANGED and self._stored:
            return self._changed(self._any_stored())
        repeatable = [row for row in before[-50:] if row[0] in self._stored]
        if kind < STORED + CHANGED + REPEATED and repeatable:
            return self._changed(self._rng.choice(repeatable))
        return self._fresh()

    def _any_stored(self) -> Row:
        return self._stored[self._rng.choice(self._keys)]

    def _kept(self, row: Row) -> Row:
        if row[0] not in self._stored:
            self._keys.append(row[0])
        self._stored[row[0]] = row
        return row

    def _fresh(self) -> Row:
        number = self._rng.randrange(10**12)
        price, stock, days = self._rng.randrange(100_000), self._rng.randrange(500), self._rng.randrange(300)
        due = f"20{self._rng.randrange(27, 40)}-{self._rng.randrange(1, 13):02}-15"
        return (
            f"C{number}",
            f"Producto {number}",
            f"{price / 100:.2f}",
            "EUR",
            str(stock),
            f"R{number}",
            str(days),
            due,
        )

    def _changed(self, row: Row) -> Row:
        price = f"{self._rng.randrange(100_000) / 100:.2f}"
        return (*row[:2], price, *row[3:4], self._rng.choice(["", "7"]), *row[5:])

    def _spoiled(self, row: Row) -> Row:
        column, cell = self._rng.choice(FAULTS)
        return (*row[:column], cell, *row[column + 1 :])


def _csv(lines: list[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *lines])
    return text.getvalue().encode()


def write_sheets(rng: random.Random, *rows: int) -> list[Sheet]:
    """Sheets of so many rows each, to be loaded one after another."""
    stationer = Stationer(rng)
    return [stationer.sheet(f"hoja-{number}.csv", count) for number, count in enumerate(rows)]
