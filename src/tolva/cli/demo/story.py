"""What the demonstration shows of its end: refused rows, and a look into the table."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from tolva.app import Server
from tolva.cli.console import out
from tolva.cli.listing import Column, listing
from tolva.db.pool import Database
from tolva.web.tenant import DEFAULT_TENANT

MOST_ERRORS = 10
PEEK = "SELECT codigo, nombre, precio, moneda, stock FROM products ORDER BY codigo LIMIT 3"


def nothing_changed(result: dict[str, int]) -> bool:
    """Whether the file was loaded before, as it is."""
    return not (result["created"] or result["updated"])


def refused(errors: Path) -> RenderableType:
    """The first faults of the downloaded list, one of each kind."""
    with errors.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    shown = [(row["fila"], row["columna"], _short(row["valor"]), row["error"]) for row in _different(rows)]
    columns = Column("row", right=True), Column("column"), Column("value", style="yellow"), Column("reason", wraps=True)
    return listing(out, columns, shown)


def _different(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        seen.setdefault((row["columna"], row["codigo"]), row)
    return list(seen.values())[:MOST_ERRORS]


def _short(text: str) -> str:
    """A cell that fits, without the quote that keeps a spreadsheet from taking it for a formula."""
    if text[:1] == "'" and text[1:2] in "=+-@":
        text = text[1:]
    return text if len(text) <= 18 else f"{text[:17]}…"


def peek(server: Server) -> RenderableType:
    """Three rows of the table, as the tenant sees them."""
    with Database(server.dsn, name="tolva demo") as db, db.transaction(DEFAULT_TENANT) as conn:
        rows: list[dict[str, Any]] = conn.execute(PEEK).fetchall()
    columns = [Column(name, right=name in ("precio", "stock"), wraps=name == "nombre") for name in rows[0]]
    return listing(out, columns, [list(row.values()) for row in rows])
