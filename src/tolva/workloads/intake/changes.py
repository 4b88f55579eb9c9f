"""What a load did to its table, or a dry run would do: each new row, and each value that changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Connection, Database
from tolva.errors import CallerError, Conflict, NotFound
from tolva.workloads.intake.row_key import Key, row_key
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import find_upload
from tolva.workloads.intake.undo import UNDO


@dataclass(frozen=True)
class Change:
    """One row. `fields` holds the value before and after, as text, of each that changed; none for a new row."""

    chunk: int
    """Last row of its chunk of the file."""
    n: int
    """Order within the chunk."""
    key: Key
    kind: str
    """`created` or `updated`."""
    row: int | None
    """Of the file; None for a new row."""
    fields: dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True)
class ChangePage:
    """`following` are the parameters of the call for the next page, if there is one."""

    changes: list[Change]
    following: dict[str, int] | None


def page_of_changes(db: Database, tenant_id: str, job_id: JobId, chunk: int, n: int, most: int) -> ChangePage:
    """As many changes after one of them. Raises what `changes` raises."""
    found = list(islice(changes(db, tenant_id, job_id, chunk, n), most + 1))
    page = found[:most]
    more = len(found) > most
    return ChangePage(page, {"after_chunk": page[-1].chunk, "after_n": page[-1].n} if more else None)


def changes(db: Database, tenant_id: str, job_id: JobId, chunk: int = -1, n: int = -1) -> Iterator[Change]:
    """All changes after one of them, chunk by chunk in file order; within one, new rows come first.

    Raises NotFound, Conflict for an undo.
    """
    with db.transaction(tenant_id) as conn:
        upload = find_upload(conn, job_id)
        if upload is None:
            raise _no_load(conn, job_id)
        several = len(schema_of(conn, upload).file_key) > 1
    while True:
        with db.transaction(tenant_id) as conn:
            line = conn.execute(SQL["ledger_line"], {"job_id": job_id, "from": chunk}).fetchone()
        if line is None:
            return
        yield from islice(_of_line(line, several=several), n + 1 if line["last_row"] == chunk else 0, None)
        chunk, n = line["last_row"] + 1, -1


def _no_load(conn: Connection, id: JobId) -> CallerError:
    job = conn.execute(SQL["load_of"], {"job_id": id}).fetchone()
    if job and job["kind"] == UNDO:
        return Conflict(f"Job {id} is an undo: its result counts what it put back, its errors name what it left alone.")
    return NotFound(f"There is no load {id}.")


def _of_line(line: DictRow, *, several: bool) -> Iterator[Change]:
    chunk, made = line["last_row"], len(line["created_keys"])
    for n, key in enumerate(line["created_keys"]):
        yield Change(chunk, n, row_key(key, several=several), "created", None, {})
    changed = zip(line["changed_keys"], line["changed_rows"], line["was"], line["became"], strict=True)
    for n, (key, row, was, became) in enumerate(changed, start=made):
        states = zip(line["fields"], was, became, strict=True)
        fields = {name: (before, after) for name, before, after in states if after is not None}
        yield Change(chunk, n, row_key(key, several=several), "updated", row, fields)
