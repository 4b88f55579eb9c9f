"""The errors of a load as a CSV that a spreadsheet opens without harm."""

import csv
import io
import re
from collections.abc import Iterator

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import NotFound
from tolva.tables.explain import MAX_VALUE
from tolva.workloads.intake.row_key import format_key
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.undo import UNDO

PLACE, PLACE_OF_UNDO = "fila", "clave"
"""What an error is found by: in the file, or in the table."""
HEADER = ("columna", "valor", "codigo", "error")
FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d+([.,]\d+)*\Z)", re.ASCII)
"""How a text begins that a spreadsheet would compute; a number with a sign is none."""
WITHIN = re.compile(r'(?<![;,\s"])([;,\s"]++)(?=[=@+-])')
"""What comes before such a text where a spreadsheet may begin another cell, since it may take another separator than
ours: separators, blanks and quotes, each run of them looked at once."""
CALLING = "(|!"
"""What makes a call of a formula. Within a text a sign begins one only somewhere before these: texts have dashes and
telephone numbers after commas."""
SEPARATORS = re.compile(r"[;,\t\r\n]")
ROWS = 1000
"""Rows fetched at once."""


def error_lines(db: Database, tenant_id: str, job_id: JobId, delimiter: str = ",") -> Iterator[str]:
    """The CSV piece by piece, begun with a byte order mark so that Excel reads UTF-8. Raises NotFound at once.

    Excel takes `;` for a delimiter, and no comma, where decimals are written with a comma.
    """
    with db.transaction(tenant_id) as conn:
        job = conn.execute(SQL["upload_or_undo"], {"job_id": job_id}).fetchone()
        if job is None:
            raise NotFound(f"No existe la tarea {job_id}.")
    return _lines(db, tenant_id, job_id, PLACE_OF_UNDO if job["kind"] == UNDO else PLACE, delimiter)


def _lines(db: Database, tenant_id: str, job_id: JobId, place: str, delimiter: str) -> Iterator[str]:
    yield "\ufeff" + _csv([(place, *HEADER)], delimiter)
    row, n = 0, -1
    while True:
        with db.transaction(tenant_id) as conn:
            given = {"job_id": job_id, "row": row, "n": n, "most": ROWS}
            page = conn.execute(SQL["row_errors"], given).fetchall()
        if not page:
            return
        row, n = page[-1]["row"], page[-1]["n"]
        yield _csv([(_place(e), _headed(e), e["value"], e["code"], e["message"]) for e in page], delimiter)


def _place(error: DictRow) -> str | int:
    return error["row"] if error["key"] is None else format_key(error["key"])


def _headed(error: DictRow) -> str:
    """The header of its column, cut like a value: there may be a whole text in it."""
    return (error["column"] or "")[:MAX_VALUE]


def _csv(rows: "list[tuple[object, ...]]", delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: object) -> object:
    """A text cell that no spreadsheet takes for a formula.

    >>> harmless("=CMD()"), harmless("-1+CMD()"), harmless("-12,5"), harmless(-5)
    ("'=CMD()", "'-1+CMD()", '-12,5', -5)
    >>> harmless("x;=CMD()"), harmless("x; ; @A1"), harmless("3; -5, +57 300; a = b"), harmless("x,-1+CMD()")
    ("x;'=CMD()", "x; ; '@A1", '3; -5, +57 300; a = b', "x,'-1+CMD()")
    >>> harmless("x;-1,5+cmd|' /C calc'!A0;y"), harmless("x;-1,5+HYPERLINK(A1);y")
    ("x;'-1,5+cmd|' /C calc'!A0;y", "x;'-1,5+HYPERLINK(A1);y")
    """
    if not isinstance(cell, str):
        return cell
    last_call = max(map(cell.rfind, CALLING))
    within = WITHIN.sub(lambda found: f"{found[1]}'" if _computed(found, last_call) else found[1], cell)
    return f"'{within}" if FORMULA.match(cell) else within


def _computed(found: re.Match[str], last_call: int) -> bool:
    begins_one = found.string[found.end()] in "=@" or found.end() < last_call
    return begins_one and SEPARATORS.search(found[1]) is not None
