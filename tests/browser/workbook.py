"""A workbook of 300 products, 60 of them with a fault, and the way to mend what comes back of it."""

from pathlib import Path

import polars as pl
import xlsxwriter

HEADERS = ("Código", "Nombre", "Precio", "Certificado sanitario", "Tiempo de entrega", "Existencias")
ROWS = 300
BAD = 60
LACKING = 25
"""The row of the sheet that has no certificate."""
MIDDLE = "P150"


def write(path: Path, prefix: str = "P") -> Path:
    """Row 25 lacks its certificate, and every fifth row has a price that is none. Row 1 are the headers."""
    rows = [_row(number, prefix) for number in range(2, ROWS + 2)]
    return _write(path, HEADERS, rows)


def write_empty(path: Path) -> Path:
    """Headers alone of columns that no field takes: nobody can load it."""
    return _write(path, ("a", "b"), [("1", "2")])


def mend(path: Path, target: Path) -> Path:
    """What somebody does by hand: each missing or wrong cell gets a sound one."""
    sheet = pl.read_excel(path, engine="calamine", infer_schema_length=0)
    prices = pl.col("Precio").cast(pl.Float64, strict=False).fill_null(9.5)
    certificates = pl.col("Certificado sanitario").replace("", None).fill_null("CS-0025")
    return _write(target, sheet.columns, sheet.with_columns(prices, certificates).rows())


def _row(number: int, prefix: str) -> tuple[str | float | None, ...]:
    price = "consultar" if number % 5 == 1 else number * 1.25
    certificate = None if number == LACKING else f"CS-{number:04}"
    if number == ROWS + 1:  # as many faults as without row 25
        price = 2.5
    return f"{prefix}{number:03}", f"Guante de nitrilo {number}", price, certificate, number % 30, number


def _write(path: Path, headers: object, rows: list[tuple[object, ...]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Productos")
        sheet.write_row(0, 0, headers)
        for line, row in enumerate(rows, 1):
            sheet.write_row(line, 0, row)
    return path
