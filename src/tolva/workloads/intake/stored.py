"""Stored files, and what their senders said of them."""

from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.connectors.blobs import Blob
from tolva.db.pool import Connection
from tolva.errors import NotFound
from tolva.workloads.intake.sql import SQL


def find_upload(conn: Connection, job_id: str) -> DictRow | None:
    """The upload that a job is for; None for a job without one."""
    return conn.execute(SQL["upload_of"], {"job_id": job_id}).fetchone()


def require_upload(conn: Connection, job_id: str) -> DictRow:
    """The same. Raises NotFound."""
    upload = find_upload(conn, job_id)
    if upload is None:
        raise no_upload(job_id)
    return upload


def no_upload(id: str) -> NotFound:
    """What is said of an id that no upload has."""
    return NotFound(f"There is no upload {id}.")


def blob_of(upload: DictRow) -> Blob:
    """The file of an upload."""
    return Blob(upload["blob"], upload["size"], upload["blake3"])


def effective_load(conn: Connection, upload: DictRow) -> DictRow | None:
    """A load of the very file of an upload, read and mapped as that, for the same schema and constants.

    None where nothing stands of any. It has `id`, `state`, `created_at` and `finished_at`; of the last one after it,
    if any, that changed nothing, `again_id` and `again_at`.
    """
    said = {name: Jsonb(upload[name]) for name in ("constants", "options")}
    given = {"blake3": upload["blake3"], "schema": upload["schema"], **said}
    return conn.execute(SQL["effective_load"], given).fetchone()


def list_uploads(conn: Connection, before: UUID | None, most: int) -> list[DictRow]:
    """Uploads with the state of their jobs, newest first; `before` is the last id of the page before."""
    return conn.execute(SQL["list_uploads"], {"before": before, "most": most}).fetchall()
