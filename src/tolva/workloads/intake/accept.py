"""Accepting a file: stored, then row and job in one transaction, then the ring."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import PurePath
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tolva.connectors.blobs import Blob, BlobWriter
from tolva.core.job import JobId, Json, NewJob
from tolva.db.pool import Connection
from tolva.errors import KeyReused
from tolva.jobs.payload import clean
from tolva.jobs.work import Jobs
from tolva.tables.column_choices import require_fields
from tolva.tables.locale import signs_of
from tolva.tables.reading.encoding import codec_of
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.sniff import FileKind
from tolva.tables.reading.unpack import verify_stored
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.workloads.intake.kept import kept
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.settled import foretold
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import require_upload

LOAD = "bulk_upload"
REHEARSE = "dry_run"
"""The kinds of job that an upload can be for."""
SENT = ("kind", "blake3", "schema", "constants", "options", "corrects")
"""What two calls with one idempotency key must have in common."""
MOST_NAME = 255
"""Characters of a file name that are kept."""


@dataclass(frozen=True)
class Arrival:
    """A file as it was announced. `constants` are the schema's fields that come with the request, checked."""

    schema: str
    filename: str
    constants: Mapping[str, str]
    idempotency_key: str | None = None
    schema_version: int = 0
    job: str = LOAD
    options: Json = field(default_factory=dict[str, Any])
    """How the file is to be read and mapped, where that is not left to be found out; see `opening`."""
    corrects: str | None = None
    """The upload whose refused rows it brings mended."""

    @property
    def kept_name(self) -> str:
        """The name of the file alone, as far as it is kept."""
        return clean(PurePath(self.filename.replace("\\", "/")).name, MOST_NAME)


def upload_options(read: ReadOptions, mapping: Mapping[str, str | None]) -> Json:
    """The options of an arrival; see `opening` for who reads them.

    Raises InvalidInput for an encoding or a locale that there is not.
    """
    if read.encoding:
        codec_of(read.encoding)
    signs_of(read.locale or None)
    given = {name: value for name, value in asdict(read).items() if value is not None}
    return {name: value for name, value in (("read", given), ("mapping", dict(mapping))) if value}


def accept(jobs: Jobs, by: Caller, arrival: Arrival, kind: FileKind, received: BlobWriter) -> JobId:
    """Keep a received file and make the job that loads it; with a known idempotency key, the job of the first time.

    Raises what `verify_stored` raises, KeyReused when the key was used for something else, StorageUnavailable,
    DatabaseUnavailable; then nothing was kept. After CommitLost nobody knows, and the same key tells.
    """
    verify_stored(received.path, kind, arrival.filename)
    apart = partial(jobs.db.transaction, by.tenant_id)
    with kept(apart, by.tenant_id, received) as keeping, jobs.work(by.tenant_id) as work:
        [made] = work.enqueue(job_of(arrival))
        if made.created:
            add_upload(work.conn, by, made.id, arrival, kind, keeping.blob)
            keeping.claim(work.conn)
    if not made.created:
        sent = {"blake3": keeping.blob.blake3, "schema": arrival.schema, "kind": arrival.job}
        said = {"constants": dict(arrival.constants), "options": arrival.options, "corrects": _id(arrival.corrects)}
        _require_same(jobs, by.tenant_id, made.id, sent | said)
    return made.id


def job_of(arrival: Arrival) -> NewJob:
    """The job that loads or rehearses a file."""
    return NewJob(
        arrival.job,
        {"schema": arrival.schema, "filename": arrival.kept_name},
        unique_key=_unique(arrival.idempotency_key),
        unique_forever=True,
        label=label_of(arrival.kept_name, arrival.constants),
    )


def add_upload(conn: Connection, by: Caller, id: JobId, arrival: Arrival, kind: FileKind, blob: Blob) -> None:
    """Note which file a job is for, in the transaction that makes it."""
    upload = {"job_id": id, "tenant_id": by.tenant_id, "filename": arrival.kept_name}
    upload |= {"schema": arrival.schema, "schema_version": arrival.schema_version}
    stored = {"kind": kind, "blob": blob.key, "size": blob.size, "blake3": blob.blake3}
    said = {"constants": Jsonb(dict(arrival.constants)), "options": Jsonb(arrival.options)}
    conn.execute(SQL["add_upload"], upload | stored | said | {"settled": None, "corrects": arrival.corrects})
    note(conn, by, _action(arrival.job), id, schema=arrival.schema, filename=arrival.kept_name)


def accept_again(
    jobs: Jobs, by: Caller, upload_id: JobId, kind: str, options: Json, idempotency_key: str | None = None
) -> JobId:
    """Make another job for the file of an upload; with a known idempotency key, the job of the first time.

    Raises NotFound, InvalidInput for an answer that names no field, KeyReused when the key was used for something else.
    """
    with jobs.work(by.tenant_id) as work:
        upload = require_upload(work.conn, upload_id)
        require_fields(schema_of(work.conn, upload), options.get("mapping", {}))
        asked = {"schema": upload["schema"], "filename": upload["filename"]}
        key = _unique(idempotency_key)
        label = label_of(upload["filename"], upload["constants"])
        job = NewJob(kind, asked, unique_key=key, unique_forever=True, label=label)
        [made] = work.enqueue(job)
        if made.created:
            settled = foretold(work.conn, upload, options) if kind == LOAD else None
            said = {"constants": Jsonb(upload["constants"]), "options": Jsonb(options)}
            said |= {"settled": Jsonb(asdict(settled)) if settled else None}
            work.conn.execute(SQL["add_upload"], upload | {"job_id": made.id} | said)
            note(work.conn, by, _action(kind), made.id, again=upload_id)
    if not made.created:
        _require_same(jobs, by.tenant_id, made.id, upload | {"options": options, "kind": kind})
    return made.id


def label_of(filename: str, constants: Mapping[str, str]) -> str:
    """What lists call its job: many suppliers send files of one name.

    >>> label_of("lista.xlsx", {"proveedor_id": "P1"})
    'lista.xlsx · P1'
    """
    return " · ".join([filename, *constants.values()])


def _action(kind: str) -> str:
    """What the audit log calls it."""
    return "upload.dry_run" if kind == REHEARSE else "upload.load"


def _unique(idempotency_key: str | None) -> str | None:
    return f"upload {idempotency_key}" if idempotency_key else None


def _require_same(jobs: Jobs, tenant_id: str, first: JobId, sent: Mapping[str, Any]) -> None:
    """A key that is used again by mistake must not make a file vanish without a word."""
    with jobs.db.transaction(tenant_id) as conn:
        upload = conn.execute(SQL["intake_status"], {"job_id": first}).fetchone()
    if upload is not None and any(sent[name] != upload[name] for name in SENT):
        raise KeyReused(first)


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
