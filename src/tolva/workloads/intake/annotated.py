"""The refused rows of a load as a workbook: to be corrected in place and uploaded again.

It holds the file's own columns, so it loads like the file did, and one more that says what is wrong, which no field
takes. All cells are text: nothing in them is a formula.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import NotFound, TooLarge
from tolva.tables.reading.source import Source
from tolva.workloads.intake.opening import open_file
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.sql import SQL

TITLE = "⚠ Error"
ROW_TITLE = "⚠ Fila"
MOST_ROWS = 200_000
"""More refused rows than this nobody corrects by hand."""
LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""
ROWS = 5_000


@dataclass
class Faulty:
    """One refused row: what is wrong with it, and under which headers."""

    messages: list[str]
    headers: set[str]


def write_annotated(db: Database, blobs: Blobs, tenant_id: str, job_id: JobId, target: Path, scratch: Path) -> None:
    """Writes the workbook to `target`.

    Raises NotFound for what is no load or whose file is gone, TooLarge when too many rows were refused.
    """
    with db.transaction(tenant_id) as conn:
        upload = conn.execute(SQL["upload_of"], {"job_id": job_id}).fetchone()
        if upload is None:
            raise NotFound(f"No existe la carga {job_id}.")
        schema = schema_of(conn, upload)
    faulty = _faulty_rows(db, tenant_id, job_id)
    _write(target, open_file(upload, schema, blobs, scratch), faulty)


def _faulty_rows(db: Database, tenant_id: str, job_id: JobId) -> dict[int, Faulty]:
    found: dict[int, Faulty] = defaultdict(lambda: Faulty([], set()))
    row, n = -1, -1
    while True:
        with db.transaction(tenant_id) as conn:
            given = {"job_id": job_id, "row": row, "n": n, "most": ROWS}
            page = conn.execute(SQL["row_errors"], given).fetchall()
        if not page:
            return found
        for error in page:
            found[error["row"]].messages.append(error["message"])
            found[error["row"]].headers.update((error["column"] or "").split(", "))
        if len(found) > MOST_ROWS:
            raise TooLarge(f"Hay más de {MOST_ROWS} filas rechazadas; descargue la lista de errores en CSV.")
        row, n = page[-1]["row"], page[-1]["n"]


def _write(target: Path, source: Source, faulty: Mapping[int, Faulty]) -> None:
    with xlsxwriter.Workbook(str(target), {"constant_memory": True}) as book:
        bold, wrong = book.add_format({"bold": True}), book.add_format({"bg_color": "#FFD7D7"})
        sheet = book.add_worksheet("Corregir")
        headers = (*source.headers, TITLE, ROW_TITLE)
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(source.headers) - 1, 18)
        sheet.set_column(len(source.headers), len(source.headers), 60)
        for line, (number, cells) in enumerate(_rows(source, faulty), start=1):
            fault = faulty[number]
            for column, (header, cell) in enumerate(zip(source.headers, cells, strict=False)):
                style = wrong if header and header in fault.headers else None
                if cell or style:
                    sheet.write_string(line, column, (cell or "")[:LONGEST], style)
            sheet.write_string(line, len(source.headers), "; ".join(fault.messages)[:LONGEST])
            sheet.write_number(line, len(source.headers) + 1, number)


def _rows(source: Source, faulty: Mapping[int, Faulty]) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    wanted = pl.Series(sorted(faulty), dtype=pl.Int64)
    for frame in source.frames(None, ROWS):
        chosen = frame.rows.filter(pl.col("row").is_in(wanted.implode())).drop("flaw", "more")
        for number, *cells in chosen.select("row", pl.exclude("row")).rows():
            yield number, tuple(cells)
