"""The audit log: who did what, in the transaction that did it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.web.access.caller import Caller
from tolva.web.access.sql import SQL

QUERIES = ("target", "notes_of_target"), ("actor", "notes_of_actor"), ("action", "notes_of_action")
"""The query for each part of a filter: the first that is given decides. What is done to one thing is little; an actor
may be a script, an action everybody's."""
LOOKED = 5000
"""Lines that one call looks at, where there is more to a filter."""


@dataclass(frozen=True)
class NoteFilter:
    """Which lines: of whoever did it, of what was done, of what it was done to. None asks for anything."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None

    @property
    def query(self) -> str:
        """The name of the query that answers it.

        >>> NoteFilter(actor="ana", target="nightly").query, NoteFilter().query
        ('notes_of_target', 'notes')
        """
        given = asdict(self)
        return next((query for part, query in QUERIES if given[part] is not None), "notes")


@dataclass(frozen=True)
class NotePage:
    """Lines, newest first. `following` is the `before` of the next page, None at the end, and of the time `back_to`.

    With several parts of a filter a page can be short, or empty, and yet be followed: so far it looked.
    """

    lines: list[DictRow]
    following: UUID | None = None
    back_to: datetime | None = None


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


def notes(conn: Connection, wanted: NoteFilter, *, before: UUID | None = None, most: int = 50) -> NotePage:
    """A page of the tenant's lines; `before` is the `following` of the page before."""
    given = asdict(wanted) | {"before": before, "most": most + 1, "looked": LOOKED}
    rows = conn.execute(SQL[wanted.query], given).fetchall()
    found = [_line(row) for row in rows if row["matches"]]
    if len(found) > most:
        last = found[most - 1]
    elif rows and rows[-1]["is_last"]:
        last = rows[-1]
    else:
        return NotePage(found)
    return NotePage(found[:most], last["id"], last["at"])


def _line(row: DictRow) -> DictRow:
    return {name: value for name, value in row.items() if name not in ("matches", "is_last")}
