"""Keys of a tenant: made, listed, revoked. Every function runs in the caller's transaction, under its tenant."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils
from psycopg.rows import DictRow

from tolva.db.pool import Connection
from tolva.errors import InvalidInput, NotFound
from tolva.web.access.caller import Role
from tolva.web.access.secrets import Secret, new_secret
from tolva.web.access.sql import SQL

MOST_NAME = 100
"""Characters of a key's name."""


@dataclass(frozen=True)
class NewKey:
    """A key to be made, for a tenant, in the name of `created_by`."""

    tenant_id: str
    name: str
    role: Role
    created_by: str
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.name.strip()) <= MOST_NAME or not self.name.isprintable():
            raise InvalidInput(f"A key needs a name of 1 to {MOST_NAME} printable characters: who or what it is for.")
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise InvalidInput("The time a key expires at needs a time zone.")
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            raise InvalidInput("The time a key expires at lies in the past.")


def create_key(conn: Connection, new: NewKey) -> tuple[Secret, DictRow]:
    """Make a key. Its secret is not kept: hand it over now."""
    secret = new_secret()
    given = {
        "id": str(uuid_utils.uuid7()),
        "tenant_id": new.tenant_id,
        "name": new.name.strip(),
        "role": new.role,
        "hash": secret.hash,
        "beginning": secret.beginning,
        "created_by": new.created_by,
        "expires_at": new.expires_at,
    }
    row = conn.execute(SQL["add_key"], given).fetchone()
    assert row is not None
    return secret, row


def has_keys(conn: Connection) -> bool:
    """Whether any key was ever made, of whichever tenant."""
    row = conn.execute(SQL["has_keys"]).fetchone()
    return bool(row and row["has_keys"])


def list_keys(conn: Connection, *, before: UUID | None = None, most: int = 50) -> list[DictRow]:
    """The tenant's keys, newest first, also those that are revoked; `before` is the last id of the page before."""
    return conn.execute(SQL["list_keys"], {"before": before, "most": most}).fetchall()


def revoke_key(conn: Connection, id: UUID) -> DictRow:
    """End a key, and the logins made with it. Revoking it again changes nothing. Raises NotFound."""
    row = conn.execute(SQL["revoke_key"], {"id": id}).fetchone()
    if row is None:
        raise NotFound(f"There is no key {id}.")
    return row
