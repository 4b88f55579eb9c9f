"""From the outbox into deliveries: what jobs left there when they ended becomes jobs, in one transaction per tenant."""

import logging

from tolva.db.pool import Database
from tolva.jobs.store import enqueue
from tolva.workloads.webhooks.delivery import QUEUE, delivery
from tolva.workloads.webhooks.sql import SQL

log = logging.getLogger(__name__)

PORTION = 500
"""Lines that are handed over in one transaction."""


def hand_over(db: Database) -> bool:
    """Make deliveries of what is in the outbox. Returns whether there may be more.

    Nobody is rung: workers look by themselves once a second.
    """
    with db.connection() as conn:
        tenants = [row["tenant_id"] for row in conn.execute(SQL["tenants_with_news"]).fetchall()]
    more = [_apart(db, tenant) for tenant in tenants]
    return any(more)


def _apart(db: Database, tenant_id: str) -> bool:
    """A tenant whose lines cannot be handed over must not keep the others from being told."""
    try:
        return _of_tenant(db, tenant_id)
    except Exception:
        log.exception("webhooks of tenant '%s'", tenant_id)
        return False


def _of_tenant(db: Database, tenant_id: str) -> bool:
    with db.transaction(tenant_id) as conn:
        lines = conn.execute(SQL["take_news"], {"most": PORTION}).fetchall()
        lines.sort(key=lambda line: line["id"])
        told = [
            delivery(line["webhook_id"], line["url"], str(line["event_id"]), line["type"], line["at"], line["data"])
            for line in lines
        ]
        enqueue(conn, lambda _kind: QUEUE, tenant_id, told)
    return len(lines) == PORTION
