"""The files that are loaded: products of twelve columns, the same every time."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

COLUMNS = (
    "codigo",
    "nombre",
    "descripcion",
    "categoria",
    "precio",
    "moneda",
    "stock",
    "certificado_sanitario",
    "tiempo_entrega_dias",
    "fecha_vencimiento",
    "pais",
    "unidad",
)
Row = list[object]


@dataclass(frozen=True)
class Files:
    """`first` and `changed` have the same keys; each row of `changed` has another price. `few…` are their beginnings.

    `spoilt` is `first` with a fault in every hundredth row.
    """

    first: Path
    changed: Path
    few_first: Path
    few_changed: Path
    spoilt: Path
    workbook: Path
    rows: int
    few: int


def write(folder: Path, rows: int, few: int) -> Files:
    """Write all of them."""
    first, changed = (list(_rows(rows, rise)) for rise in (0, 1))
    spoilt = [[*row[:4], "consultar", *row[5:]] if number % 100 == 50 else row for number, row in enumerate(first)]
    return Files(
        _csv(folder / "first.csv", first),
        _csv(folder / "changed.csv", changed),
        _csv(folder / "few_first.csv", first[:few]),
        _csv(folder / "few_changed.csv", changed[:few]),
        _csv(folder / "spoilt.csv", spoilt),
        _workbook(folder / "first.xlsx", first),
        rows,
        few,
    )


def _rows(count: int, rise: float) -> Iterator[Row]:
    rng = random.Random(7)
    for number in range(1, count + 1):
        yield [
            f"P{number:07}",
            f"Producto {number}",
            f"Descripción del producto número {number}",
            rng.choice(("Analgésicos", "Vitaminas", "Antibióticos")),
            round(rng.random() * 1000 + rise, 2),
            "USD",
            rng.randrange(1000),
            f"CS-{number}",
            rng.randrange(30),
            f"2027-{rng.randrange(1, 10):02}-{rng.randrange(10, 29)}",
            rng.choice(("PE", "CO", "MX")),
            "caja",
        ]


def _csv(path: Path, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return path


def _workbook(path: Path, rows: list[Row]) -> Path:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Productos")
        for number, row in enumerate([list(COLUMNS), *rows]):
            sheet.write_row(number, 0, row)
    return path
