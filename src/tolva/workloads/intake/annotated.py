"""The refused rows of a load as a workbook: to be corrected in place and uploaded again.

It holds the file's own columns, so it loads like the file did, and one more that says what is wrong, which no field
takes. Cells with a fault stand as they came, dates in the others in a form that needs no other row to be understood,
and numbers as numbers: as a text, each would tell how the texts beside it are meant. Nothing in a cell is a formula.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import polars as pl
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import NotFound, TooLarge
from tolva.jobs.store import get_job
from tolva.tables.answers import Chosen
from tolva.tables.fold import fold
from tolva.tables.locale import Signs
from tolva.tables.map import ColumnMapping, match_headers
from tolva.tables.parse import text_of
from tolva.tables.places import called
from tolva.tables.plain import plain
from tolva.tables.reading.source import Source, cell_names
from tolva.tables.reading.watch import unwatched
from tolva.tables.schema import Field, Schema
from tolva.tables.survey import survey
from tolva.workloads.intake.opening import open_file
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import find_upload
from tolva.workloads.intake.titles import Title, titles_of

TITLE = "⚠ Error"
ROW_TITLE = "⚠ Fila"
MOST_ROWS = 200_000
"""More refused rows than this nobody corrects by hand."""
LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""
ROWS = 5_000
NUMBERS = ("integer", "decimal")
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
EXACT_DIGITS = 15
"""Digits of a number that a cell holds as they are."""
NOTHING_FED = ColumnMapping((), ())

Clear = Callable[[pl.DataFrame], pl.Series]
"""From the rows of a frame, the cells of one column."""


@dataclass(frozen=True)
class Row:
    """A refused row: its cells as they came, in forms that mean one thing, and those that belong to no column."""

    number: int
    cells: tuple[str | None, ...]
    forms: tuple[str | None, ...]
    beyond: list[str]


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
        upload = find_upload(conn, job_id)
        if upload is None:
            raise NotFound(f"No existe la carga {job_id}.")
        schema = schema_of(conn, upload)
        job = get_job(conn, job_id)
    faulty = _faulty_rows(db, tenant_id, job_id)
    source = open_file(upload, schema, blobs, scratch, unwatched)
    mapping = match_headers(source.headers, schema, _as_loaded(job, source)) if faulty else NOTHING_FED
    clear = _clear_forms(source, schema, mapping) if faulty else {}
    numbers = {match.column for match in mapping.matches if schema.field(match.field).kind in NUMBERS}
    _write(target, source, faulty, titles_of(source.headers, schema, mapping), clear, numbers)


def _as_loaded(job: DictRow, source: Source) -> Chosen:
    """Where the load took its fields from; what is remembered of columns may be something else by now."""
    fed = {match["column"]: match["field"] for match in job["progress"]["matches"]}
    names = [called(column, source.headers) for column in range(len(source.headers))]
    return {name: fed.get(name) for name in names}


def _clear_forms(source: Source, schema: Schema, mapping: ColumnMapping) -> dict[str, Clear]:
    """By column of the frames, how to write its numbers and dates so that they mean the same beside any others.

    The rows that showed how the file writes them may not be among the refused ones.
    """
    signs = survey(source, mapping, schema).signs
    fields = [(f"c{match.column}", schema.field(match.field)) for match in mapping.matches]
    return {
        column: partial(_clear, column=column, field=field, schema=schema, signs=signs.get(field.name, Signs()))
        for column, field in fields
        if field.kind not in ("string", "boolean")
    }


def _clear(rows: pl.DataFrame, column: str, field: Field, schema: Schema, signs: Signs) -> pl.Series:
    text = rows.select(text_of(column, field, schema).alias(column))[column]
    form = plain(text, field, signs, rows["row"])
    return form.zip_with(form.is_not_null(), rows[column])


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
            found[error["row"]].messages.append(_under_header(error["message"], error["column"] or ""))
            found[error["row"]].headers.update((error["column"] or "").split(", "))
        if len(found) > MOST_ROWS:
            raise TooLarge(f"Hay más de {MOST_ROWS} filas rechazadas; descargue la lista de errores en CSV.")
        row, n = page[-1]["row"], page[-1]["n"]


def _under_header(message: str, column: str) -> str:
    """A message, which names fields, with the headers of their columns where these are something else.

    >>> _under_header('precio: "x" no es un número', "Unit price"), _under_header('precio: "x" no es …', "PRECIO")
    ('precio: "x" no es un número (columna "Unit price")', 'precio: "x" no es …')
    """
    told = f" {fold(message)} "
    others = [f'"{header}"' for header in column.split(", ") if f" {fold(header)} " not in told] if column else []
    return f"{message} (columna {', '.join(others)})" if others else message


def _write(
    target: Path,
    source: Source,
    faulty: Mapping[int, Faulty],
    titles: list[Title],
    clear: Mapping[str, Clear],
    numbers: Set[int],
) -> None:
    """`numbers` are the columns, from 0, whose fields are."""
    with xlsxwriter.Workbook(str(target), {"constant_memory": True}) as book:
        bold, wrong = book.add_format({"bold": True}), book.add_format({"bg_color": "#FFD7D7"})
        sheet = book.add_worksheet("Corregir")
        headers = (*(title.shown for title in titles), TITLE, ROW_TITLE)
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(titles) - 1, 18)
        sheet.set_column(len(titles), len(titles), 60)
        for line, row in enumerate(_rows(source, faulty, clear), start=1):
            fault = faulty[row.number]
            for column, (title, cell, form) in enumerate(zip(titles, row.cells, row.forms, strict=False)):
                style = wrong if title.told in fault.headers else None
                shown = (cell if style else form) or ""
                if column in numbers and not style and _exact(shown):
                    sheet.write_number(line, column, float(shown))
                elif shown or style:
                    sheet.write_string(line, column, shown[:LONGEST], style)
            sheet.write_string(line, len(titles), "; ".join(fault.messages)[:LONGEST])
            sheet.write_number(line, len(titles) + 1, row.number)
            for column, cell in enumerate(row.beyond, start=len(headers)):
                sheet.write_string(line, column, cell[:LONGEST], wrong)


def _exact(form: str) -> bool:
    """Whether a cell that is a number holds just this one.

    >>> _exact("1234.50"), _exact("12345678901234.567"), _exact("s/p")
    (True, False, False)
    """
    return bool(PLAIN_NUMBER.fullmatch(form)) and len(Decimal(form).as_tuple().digits) <= EXACT_DIGITS


def _rows(source: Source, faulty: Mapping[int, Faulty], clear: Mapping[str, Clear]) -> Iterator[Row]:
    wanted = pl.Series(sorted(faulty), dtype=pl.Int64)
    names = cell_names(len(source.headers))
    for frame in source.frames(None, ROWS):
        chosen = frame.rows.filter(pl.col("row").is_in(wanted.implode()))
        forms = chosen.with_columns(form(chosen).alias(name) for name, form in clear.items())
        told = chosen.select("row", "flaw", "more").rows()
        for (number, flaw, more), cells, shown in zip(
            told, chosen.select(names).rows(), forms.select(names).rows(), strict=True
        ):
            if flaw:  # nobody knows which cell belongs where: beside the columns it is refused until somebody says so
                yield Row(number, (), (), [cell or "" for cell in (*cells, *(more or ()))])
            else:
                yield Row(number, cells, shown, [])
