"""An upload that goes on: how far it is, as the database has it. Any process may bring the next piece."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils
from psycopg.types.json import Jsonb

from tolva.connectors.blobs import Blob, Blobs
from tolva.connectors.received import too_large
from tolva.core.job import JobId
from tolva.db.pool import Connection, Database
from tolva.errors import Conflict, NotFound
from tolva.settings import DAY
from tolva.web.access.caller import Caller
from tolva.workloads.intake.accept import Arrival
from tolva.workloads.intake.resumable.sql import SQL

KEPT = DAY
"""Seconds for which an upload waits for its next piece; afterwards it is gone."""
MOST_OPEN = 100
"""Uploads that a tenant may have under way: what was begun and left takes room for a day."""


@dataclass(frozen=True)
class Resumable:
    """`length` and `offset` in bytes; `job` once all of it is here."""

    id: str
    length: int
    offset: int
    arrival: Arrival
    job: JobId | None
    expires_at: datetime


def begin(db: Database, by: Caller, length: int, arrival: Arrival, most: int) -> Resumable:
    """An upload of which nothing is here yet. Raises TooLarge, Conflict when too many are under way."""
    if length > most:
        raise too_large(most)
    id = str(uuid_utils.uuid7())
    # its end may be sent again, when the answer was lost or we ended in the middle
    arrival = replace(arrival, idempotency_key=arrival.idempotency_key or f"resumable {id}")
    given: dict[str, Any] = {"id": id, "tenant_id": by.tenant_id, "length": length, "kept": KEPT, "most": MOST_OPEN}
    with db.transaction(by.tenant_id) as conn:
        made = conn.execute(SQL["begin"], given | {"arrival": Jsonb(asdict(arrival))}).fetchone()
    if made is None:
        raise Conflict(f"{MOST_OPEN} uploads are under way. End some, or delete them.")
    return Resumable(id, length, 0, arrival, None, made["expires_at"])


def find(db: Database, tenant_id: str, id: UUID) -> Resumable:
    """Raises NotFound."""
    with db.transaction(tenant_id) as conn:
        row = conn.execute(SQL["find"], {"id": id}).fetchone()
    if row is None:
        raise NotFound(f"There is no upload {id} to go on with: it was deleted, or nothing came for a day. Begin anew.")
    job = JobId(str(row["job_id"])) if row["job_id"] else None
    return Resumable(str(id), row["length"], row["offset"], Arrival(**row["arrival"]), job, row["expires_at"])


def add_piece(conn: Connection, id: str, start: int, blob: Blob) -> bool:
    """Note the next piece. False where another request was quicker."""
    given = {"id": id, "start": start, "blob": blob.key, "size": blob.size, "blake3": blob.blake3, "kept": KEPT}
    return conn.execute(SQL["add_piece"], given).fetchone() is not None


def pieces_of(conn: Connection, id: str) -> list[Blob]:
    """What is here of it, in order."""
    rows = conn.execute(SQL["pieces"], {"id": id})
    return [Blob(row["blob"], row["size"], row["blake3"]) for row in rows]


def drop(db: Database, blobs: Blobs, tenant_id: str, id: str) -> None:
    """Forget an upload and its pieces: the files before their rows, so that a crash in between is made good.

    First it ends: a request that still brings bytes can add no piece, whose file would stay for ever.
    """
    with db.transaction(tenant_id) as conn:
        conn.execute(SQL["end"], {"id": id})
    _delete_pieces(db, blobs, tenant_id, id)
    with db.transaction(tenant_id) as conn:
        conn.execute(SQL["forget"], {"id": id})


def finish(db: Database, blobs: Blobs, tenant_id: str, id: str, job: JobId) -> None:
    """Note that all of it is here, and what it made; its pieces are needed no longer."""
    with db.transaction(tenant_id) as conn:
        conn.execute(SQL["finish"], {"id": id, "job_id": job})
    _delete_pieces(db, blobs, tenant_id, id)
    with db.transaction(tenant_id) as conn:
        conn.execute(SQL["forget_pieces"], {"id": id})


def _delete_pieces(db: Database, blobs: Blobs, tenant_id: str, id: str) -> None:
    with db.transaction(tenant_id) as conn:
        found = pieces_of(conn, id)
    for piece in found:
        blobs.delete(piece.key)
