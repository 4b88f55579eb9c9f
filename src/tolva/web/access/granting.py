"""What people do to keys, with a line in the audit log: for API, pages and command line alike.

Every function runs in the caller's transaction, under its tenant.
"""

from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from tolva.db.pool import Connection
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller, Role
from tolva.web.access.keys import NewKey, create_key, revoke_key
from tolva.web.access.secrets import Secret


def make_key(
    conn: Connection, by: Caller, name: str, role: Role, expires_at: datetime | None = None
) -> tuple[Secret, DictRow]:
    """Make a key of the caller's tenant; see `keys.create_key`. Raises InvalidInput."""
    secret, row = create_key(conn, NewKey(by.tenant_id, name, role, by.actor, expires_at))
    note(conn, by, "key.create", row["id"], name=row["name"], role=role)
    return secret, row


def end_key(conn: Connection, by: Caller, id: UUID) -> DictRow:
    """End a key; see `keys.revoke_key`. Raises NotFound."""
    row = revoke_key(conn, id)
    note(conn, by, "key.revoke", id, name=row["name"])
    return row
