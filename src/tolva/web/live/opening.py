"""How a stream begins: the job as it stands, and where its reader left off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId
from tolva.db.pool import Database
from tolva.jobs import store
from tolva.web.live.message import Message, end_message, job_message

View = Callable[[DictRow], Mapping[str, Any]]
"""A job's row as clients see it."""
InForce = Callable[[], bool]
"""Whether what entitles a reader is still in force. May raise TryLater."""


@dataclass(frozen=True)
class Opening:
    """`seq` is the job's last number, `after` the reader's; None begins with the present. `end` if it has ended.

    `present` holds one message until it is told: a result may have megabytes, and a stream lasts long. `in_force`:
    whether the reader may still read, which a stream asks now and then.
    """

    tenant_id: str
    id: JobId
    seq: int
    after: int | None
    present: list[Message]
    end: Message | None
    in_force: InForce

    @property
    def position(self) -> int:
        """The last number that the reader has when it has heard the present."""
        return self.seq if self.after is None else self.after

    @property
    def told_all(self) -> bool:
        """Whether the reader has heard the end."""
        return self.end is not None and self.after == self.seq


def open_stream(db: Database, view: View, tenant_id: str, id: JobId, after: int | None, in_force: InForce) -> Opening:
    """Look the job up. A number that is still to come, say from before a backup was restored, begins with the present.

    Raises NotFound, also for another tenant's job; DatabaseUnavailable.
    """
    with db.transaction(tenant_id) as conn:
        job = store.get_job(conn, id)
    known = after is not None and after <= job["seq"]
    shown = view(job)
    end = end_message(shown) if job["state"] in FINISHED else None
    return Opening(
        tenant_id, id, job["seq"], after if known else None, [job_message(shown, resumed=known)], end, in_force
    )
