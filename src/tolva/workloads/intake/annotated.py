"""The refused rows of a load as a workbook: to be corrected in place and uploaded again.

It holds the file's own columns, so it loads like the file did, and one more that says what is wrong, which no field
takes. Cells with a fault stand as they came, dates in the others in a form that needs no other row to be understood,
and numbers as numbers: as a text, each would tell how the texts beside it are meant. Nothing in a cell is a formula.
"""

from pathlib import Path

from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import NotFound
from tolva.jobs.store import get_job
from tolva.tables.column_choices import Choices
from tolva.tables.column_refs import ref_of
from tolva.tables.map import match_headers
from tolva.tables.proposal import ColumnMapping
from tolva.tables.reading.source import Source
from tolva.tables.reading.watch import unwatched
from tolva.workloads.intake.correction_book import Columns, write_book
from tolva.workloads.intake.faulty_rows import faulty_rows
from tolva.workloads.intake.opening import open_file
from tolva.workloads.intake.refused_cells import refused_rows
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.settled import settled_of
from tolva.workloads.intake.stored import find_upload
from tolva.workloads.intake.titles import titles_of

NUMBERS = ("integer", "decimal")
NOTHING_FED = ColumnMapping((), ())


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
    known = set(job["progress"].get("mapping", {}).values())
    faulty = faulty_rows(db, tenant_id, job_id, known)
    settled = settled_of(upload)
    schema = settled.read(schema) if settled else schema  # of then, not of now
    source = open_file(upload, schema, blobs, scratch, unwatched)
    mapping = match_headers(source.headers, schema, _as_loaded(job, source)) if faulty else NOTHING_FED
    numbers = {match.column for match in mapping.matches if schema.field(match.field).kind in NUMBERS}
    columns = Columns(titles_of(source.headers, schema, mapping), numbers)
    write_book(target, columns, refused_rows(source, faulty, schema, mapping), faulty)


def _as_loaded(job: DictRow, source: Source) -> Choices:
    """Where the load took its fields from; what is remembered of columns may be something else by now."""
    fed = {match["column"]: match["field"] for match in job["progress"]["matches"]}
    names = [ref_of(column, source.headers) for column in range(len(source.headers))]
    return {name: fed.get(name) for name in names}
