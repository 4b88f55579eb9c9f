"""From the outbox into deliveries: what jobs left there when they ended becomes jobs, in one transaction per tenant."""

import logging
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from psycopg.rows import DictRow

from tolva.db.pool import Connection, Database
from tolva.errors import InvalidInput, TryLater
from tolva.jobs.outbox import REFUSALS
from tolva.jobs.payload import clean
from tolva.jobs.store import enqueue
from tolva.metrics import counter
from tolva.workloads.webhooks.delivery import QUEUE, delivery
from tolva.workloads.webhooks.sql import SQL

if TYPE_CHECKING:
    from prometheus_client import Counter

log = logging.getLogger(__name__)

PORTION = 500
"""Lines that are handed over in one transaction."""
MOST_TRIES = 5
"""Tries, about a second apart, after which a line is set aside."""
ABOUT_A_LINE = (InvalidInput, *REFUSALS)
"""Errors that are about what a line holds. Any other counts against it only where another line went through."""


def hand_over(db: Database) -> bool:
    """Make deliveries of what is in the outbox. Returns whether there may be more.

    Nobody is rung: workers look by themselves once a second.
    """
    with db.connection() as conn:
        tenants = [row["tenant_id"] for row in conn.execute(SQL["tenants_with_news"]).fetchall()]
    more = [_apart(db, tenant) for tenant in tenants]
    return any(more)


def lines_aside(conn: Connection, most: int) -> list[DictRow]:
    """Lines of every tenant that were set aside, up to a number, the newest first."""
    return conn.execute(SQL["lines_aside"], {"most": most}).fetchall()


def _apart(db: Database, tenant_id: str) -> bool:
    """What cannot be handed over must not keep the other lines, and the other tenants, from being told."""
    try:
        return _together_or_each(db, tenant_id)
    except TryLater as error:
        log.warning("webhooks of tenant '%s': %s", tenant_id, error)
    except Exception:
        log.exception("webhooks of tenant '%s'", tenant_id)
    return False


def _together_or_each(db: Database, tenant_id: str) -> bool:
    try:
        return _hand_over(db, tenant_id) == PORTION
    except TryLater:
        raise
    except Exception:
        log.exception("webhooks of tenant '%s'", tenant_id)
    _one_by_one(db, tenant_id)
    return False


def _hand_over(db: Database, tenant_id: str, ids: Sequence[int] | None = None) -> int:
    """In one transaction; returns how many lines. Those of a webhook that was deleted meanwhile are dropped."""
    with db.transaction(tenant_id) as conn:
        lines = conn.execute(SQL["take_news"], {"ids": ids, "most": PORTION}).fetchall()
        lines.sort(key=lambda line: line["id"])
        told = [
            delivery(line["webhook_id"], line["url"], str(line["event_id"]), line["type"], line["at"], line["data"])
            for line in lines
            if line["url"] is not None
        ]
        enqueue(conn, lambda _kind: QUEUE, tenant_id, told)
    return len(lines)


def _one_by_one(db: Database, tenant_id: str) -> None:
    """One of them is to blame: it fails alone, and after some tries it is set aside with the reason."""
    with db.transaction(tenant_id) as conn:
        ids = [row["id"] for row in conn.execute(SQL["waiting_news"], {"most": PORTION}).fetchall()]
    went, failed = 0, dict[int, Exception]()
    for id in ids:
        try:
            went += _hand_over(db, tenant_id, [id])
        except TryLater:
            raise
        except Exception as error:
            failed[id] = error
    for id, error in failed.items():
        if went or isinstance(error, ABOUT_A_LINE):
            _refused(db, tenant_id, id, error)


def _refused(db: Database, tenant_id: str, id: int, error: Exception) -> None:
    with db.transaction(tenant_id) as conn:
        given = {"id": id, "why": clean(str(error)), "most_tries": MOST_TRIES}
        row = conn.execute(SQL["note_refusal"], given).fetchone()
    if row and row["set_aside"]:
        lines_set_aside().inc()
        log.error("line %s of the webhooks of tenant '%s' is set aside: %s", id, tenant_id, error)


@cache
def lines_set_aside() -> "Counter":
    """What this process set aside."""
    return counter("tolva_webhook_lines_set_aside_total", "Events that no delivery could be made of.", [])
