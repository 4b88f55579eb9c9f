"""The sample workbook: the same every time, so that a second upload changes nothing."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, product
from pathlib import Path
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]

from tolva.cli.demo.goods import FAMILIES, MAKERS, MARKETS, Family, Market

SEED = 1492
PRODUCTS = 3000
REPEATED = 12
"""Rows that stand in the sheet twice, as if copied by mistake."""
FIRST_EXPIRY = date(2027, 1, 1)

HEADERS: Mapping[str, str] = {
    "codigo": "Código",
    "nombre": "Nombre del producto",
    "descripcion": "Descripción",
    "categoria": "Categoría",
    "unidad": "Unidad de medida",
    "laboratorio": "Laboratorio",
    "condiciones_almacenamiento": "Almacenamiento",
    "precio": "Precio unitario",
    "moneda": "Moneda",
    "stock": "Existencias",
    "certificado_sanitario": "Registro sanitario",
    "tiempo_entrega_dias": "Días de entrega",
    "fecha_vencimiento": "Fecha de caducidad",
    "pais": "País",
    "nota": "Nota interna",
}
"""Field to header. The file spells them as people do; `nota` is a column that no field takes."""

WIDTHS = {"nombre": 52, "laboratorio": 28, "condiciones_almacenamiento": 30, "certificado_sanitario": 26}

Row = dict[str, Any]

SPOILS: tuple[Row, ...] = (
    {"certificado_sanitario": None},
    {"precio": "consultar"},
    {"moneda": "PESOS"},
    {"stock": -4},
    {"tiempo_entrega_dias": 400},
    {"fecha_vencimiento": "31 de febrero"},
    {"fecha_vencimiento": "03/04/2027"},
    {"precio": "1.234"},
    {"precio": -12.5},
    {"nombre": None, "precio": None},
    {"stock": "media caja"},
    {"pais": "Perú"},
    {"nombre": "Guante de nitrilo sin polvo, " * 12},
    {"tiempo_entrega_dias": "inmediata", "moneda": "BTC"},
)
"""One row of every kind of fault: what it changes in a good one."""
ROUNDS = 3
"""How often each kind of fault occurs."""


@dataclass(frozen=True)
class Sample:
    """A written workbook, and what is in it."""

    path: Path
    rows: int
    spoilt: int
    repeated: int


def write_sample(path: Path) -> Sample:
    """Write the workbook; its folder must exist. Raises OSError."""
    rows, spoilt = sample_rows(random.Random(SEED))  # noqa: S311 -- to repeat it, not to hide it
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        _fill(book, rows)
    return Sample(path, len(rows), spoilt, REPEATED)


def sample_rows(rng: random.Random) -> tuple[list[Row], int]:
    """All rows by field, and how many of them are spoilt.

    >>> rows, spoilt = sample_rows(random.Random(SEED))
    >>> len(rows), spoilt, rows[0]["codigo"]
    (3054, 42, '00001')
    """
    good = list(islice(_products(rng), PRODUCTS))
    spoils = SPOILS * ROUNDS
    rows = good + rng.sample(good, REPEATED)
    for number, spoil in enumerate(spoils, PRODUCTS + 1):
        row = dict(rng.choice(good), codigo=f"{number:05d}")
        rows.insert(rng.randrange(20, len(rows)), row | spoil)
    return rows, len(spoils)


def _products(rng: random.Random) -> Iterator[Row]:
    offers = [
        (family, place, maker, market)
        for family, maker, market in product(FAMILIES, MAKERS, MARKETS)
        for place in range(len(family.variants))
    ]
    rng.shuffle(offers)
    for number, offer in enumerate(offers, 1):
        yield {"codigo": f"{number:05d}", **_product(rng, *offer)}


def _product(rng: random.Random, family: Family, place: int, maker: str, market: Market) -> Row:
    price = family.price * (1 + 0.18 * place) * rng.uniform(0.85, 1.25) * market.rate
    lasts = family.category not in ("Movilidad", "Diagnóstico")
    return {
        "nombre": f"{family.name}, {family.variants[place]}",
        "descripcion": f"{family.name} de {maker}, presentación {family.unit}",
        "categoria": family.category,
        "unidad": family.unit,
        "laboratorio": maker,
        "condiciones_almacenamiento": family.storage,
        "precio": round(price, market.decimals),
        "moneda": market.currency,
        "stock": rng.choice((0, rng.randrange(1, 40), rng.randrange(40, 2500))),
        "certificado_sanitario": market.certificate.format(
            year=rng.randrange(2019, 2026), number=rng.randrange(1, 9999)
        ),
        "tiempo_entrega_dias": rng.choice((1, 2, 3, 5, 8, 15, 30, 45)),
        "fecha_vencimiento": FIRST_EXPIRY + timedelta(days=rng.randrange(1200)) if lasts else None,
        "pais": market.country,
        "nota": "revisar con compras" if rng.random() < 0.02 else None,
    }


def _fill(book: Any, rows: list[Row]) -> None:
    sheet = book.add_worksheet("Productos")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    for place, (field, header) in enumerate(HEADERS.items()):
        sheet.set_column(place, place, WIDTHS.get(field, 16))
        sheet.write_string(0, place, header, book.add_format({"bold": True, "bg_color": "#DCE6F1"}))
    for line, row in enumerate(rows, 1):
        for place, field in enumerate(HEADERS):
            value = row[field]
            if isinstance(value, date):
                sheet.write_datetime(line, place, value, day)
            elif value is not None:
                sheet.write(line, place, value)
