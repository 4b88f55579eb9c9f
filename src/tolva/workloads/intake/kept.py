"""A received file that is kept for an upload. It counts once the transaction that notes the upload has claimed it.

Before it is stored it is noted as unclaimed, and that note ends with the claim. So what a kill at any moment leaves in
the store is known, and upkeep takes it back.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tolva.connectors.blobs import Blob, BlobWriter
from tolva.db.pool import Connection
from tolva.errors import StorageUnavailable, TryLater
from tolva.workloads.intake.sql import SQL

log = logging.getLogger(__name__)

Begin = Callable[[], AbstractContextManager[Connection]]
"""A connection under a tenant, apart from that of the upload's own transaction."""


@dataclass
class Keeping:
    """A kept file, and whether it was claimed."""

    blob: Blob
    claimed: bool = False

    def claim(self, conn: Connection) -> None:
        """Let it count with the open transaction. Raises StorageUnavailable when upkeep has taken it back."""
        if not conn.execute(SQL["claim_file"], {"blob": self.blob.key}).rowcount:
            raise StorageUnavailable("The file was kept for a day without an upload, and is gone. Send it again.")
        self.claimed = True


@contextmanager
def kept(begin: Begin, tenant_id: str, received: BlobWriter) -> Generator[Keeping]:
    """Keep a file for the block, which may claim it. Unless it does and commits, nothing of the file stays.

    Raises StorageUnavailable, DatabaseUnavailable.
    """
    with begin() as conn:
        conn.execute(SQL["note_file"], {"blob": received.key, "tenant_id": tenant_id})
    keeping = Keeping(received.keep())
    counts = False
    try:
        yield keeping
        counts = keeping.claimed
    finally:
        if not counts:
            _take_back(begin, received, keeping.blob)


def _take_back(begin: Begin, received: BlobWriter, blob: Blob) -> None:
    """Take a file back that is unclaimed still. A claim that may be committed yet is waited for."""
    try:
        with begin() as conn, conn.transaction():
            if conn.execute(SQL["claim_file"], {"blob": blob.key}).rowcount:
                received.discard(blob)
    except TryLater as error:
        log.warning("the file %s, which no upload has, is left to upkeep: %s", blob.key, error)
