"""How a stream begins: the job as it stands, and where its reader left off."""

from dataclasses import dataclass

from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId
from tolva.db.pool import Database
from tolva.jobs import store


@dataclass(frozen=True)
class Opening:
    """`after` is the last number that the reader has; None begins with the present."""

    tenant_id: str
    id: JobId
    job: DictRow
    after: int | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come than what is in the database."""
        return self.job["state"] in FINISHED

    @property
    def told_all(self) -> bool:
        """Whether the reader has heard the end."""
        return self.ended and self.after == self.job["seq"]


def open_stream(db: Database, tenant_id: str, id: JobId, after: int | None) -> Opening:
    """Look the job up. A number that is still to come, say from before a backup was restored, begins with the present.

    Raises NotFound, also for another tenant's job; DatabaseUnavailable.
    """
    with db.transaction(tenant_id) as conn:
        job = store.get_job(conn, id)
    known = after is not None and after <= job["seq"]
    return Opening(tenant_id, id, job, after if known else None)
