"""Pausing a queue, for one tenant or for all: running jobs go on, no other starts.

Every function runs in the caller's transaction. Pausing again changes nothing.
"""

from tolva.db.pool import Connection
from tolva.errors import NotFound
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.sql import SQL


def pause_lane(conn: Connection, catalogue: Catalogue, tenant_id: str, queue: str, *, paused: bool) -> None:
    """Pause or resume a queue for one tenant. Raises NotFound."""
    require_queue(conn, catalogue, queue)
    conn.execute(SQL["pause_lane"], {"queue": queue, "tenant_id": tenant_id, "paused": paused})


def pause_queue(conn: Connection, catalogue: Catalogue, queue: str, *, paused: bool) -> None:
    """Pause or resume a queue for everybody. Raises NotFound."""
    require_queue(conn, catalogue, queue)
    conn.execute(SQL["set_paused"], {"queue": queue, "paused": paused})


def require_queue(conn: Connection, catalogue: Catalogue, queue: str) -> None:
    """Raises NotFound for a queue that neither a worker nor a kind of job has; what no worker has yet is announced."""
    if queue in catalogue.queues:
        conn.execute(SQL["open_queues"], {"names": [queue]})
    if queue not in {row["name"] for row in conn.execute(SQL["queue_names"]).fetchall()}:
        raise NotFound(f"There is no queue '{queue}'. `tolva queue ls` lists them.")
