"""The audit log: who did what, in the transaction that did it."""

from typing import Any
from uuid import UUID

import uuid_utils
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.web.access.caller import Caller
from tolva.web.access.sql import SQL


def note(conn: Connection, caller: Caller, action: str, target: object, **detail: Any) -> None:
    """Write a line: `action` is a noun and a verb, as in `job.cancel`; `target` an id or a name."""
    given = {
        "id": str(uuid_utils.uuid7()),
        "tenant_id": caller.tenant_id,
        "actor": caller.actor,
        "key_id": caller.key_id,
        "action": action,
        "target": str(target),
        "detail": Jsonb(detail),
    }
    conn.execute(SQL["note"], given)


def notes(
    conn: Connection,
    *,
    target: str | None = None,
    actor: str | None = None,
    before: UUID | None = None,
    most: int = 50,
) -> list[DictRow]:
    """The tenant's lines, newest first; `before` is the last id of the page before."""
    given = {"target": target, "actor": actor, "before": before, "most": most}
    return conn.execute(SQL["notes"], given).fetchall()
