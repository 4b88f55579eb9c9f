"""The audit log: who did what, in the transaction that did it."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import uuid_utils
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.web.access.caller import Caller
from tolva.web.access.sql import SQL


@dataclass(frozen=True)
class NoteFilter:
    """Which lines: of whoever did it, of what was done, of what it was done to. None asks for anything."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None

    @property
    def query(self) -> str:
        """The name of the query that reads the fewest lines.

        >>> NoteFilter(actor="ana", target="nightly").query, NoteFilter().query
        ('notes_of_target', 'notes')
        """
        narrowest = next((name for name in ("target", "actor", "action") if getattr(self, name) is not None), None)
        return f"notes_of_{narrowest}" if narrowest else "notes"


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


def notes(conn: Connection, wanted: NoteFilter, *, before: UUID | None = None, most: int = 50) -> list[DictRow]:
    """The tenant's lines, newest first; `before` is the last id of the page before."""
    return conn.execute(SQL[wanted.query], asdict(wanted) | {"before": before, "most": most}).fetchall()
