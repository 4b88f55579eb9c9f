"""Webhooks of a tenant: made, listed, changed, with a line in the audit log for each change.

Every function runs in the caller's transaction, under its tenant.
"""

from dataclasses import fields
from datetime import UTC
from uuid import UUID

import uuid_utils
from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.errors import Conflict, NotFound
from tolva.jobs.store import cancel_many
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.workloads.webhooks.address import host_of
from tolva.workloads.webhooks.signature import new_secret
from tolva.workloads.webhooks.sql import SQL
from tolva.workloads.webhooks.wanted import Limits, Wanted

MOST = 50
"""Webhooks of a tenant: each is looked at when a job ends."""
LOOKED = 10_000
"""Deliveries of a webhook among which those that wait are looked for when it goes; an older one is dropped later."""
OVERLAP = 86_400.0
"""Seconds for which an old secret signs, too, so that nobody misses a delivery while the new one is put in place."""


def create_webhook(conn: Connection, by: Caller, wanted: Wanted, limits: Limits) -> tuple[str, DictRow]:
    """Make a webhook; returns its secret, which is not told again, and the rest. Raises InvalidInput, Conflict."""
    columns, secret = wanted.columns(limits), new_secret()
    conn.execute(SQL["lock_webhooks"])
    counted = conn.execute(SQL["count_webhooks"]).fetchone()
    if counted and counted["webhooks"] >= MOST:
        raise Conflict(f"There are {MOST} webhooks already. Delete one, or let one be about more events.")
    given = {"id": str(uuid_utils.uuid7()), "tenant_id": by.tenant_id, "secret": secret, "created_by": by.actor}
    row = conn.execute(SQL["add_webhook"], columns | given).fetchone()
    assert row is not None, "one row is added"
    note(conn, by, "webhook.create", row["id"], host=host_of(row["url"]))
    return secret, row


def list_webhooks(conn: Connection) -> list[DictRow]:
    """The tenant's webhooks, oldest first."""
    return conn.execute(SQL["list_webhooks"]).fetchall()


def get_webhook(conn: Connection, id: UUID) -> DictRow:
    """One webhook. Raises NotFound."""
    return _found(id, conn.execute(SQL["get_webhook"], {"id": id}).fetchone())


def change_webhook(conn: Connection, by: Caller, id: UUID, wanted: Wanted, limits: Limits) -> DictRow:
    """Change a webhook; its secret stays. Raises InvalidInput, NotFound."""
    columns = wanted.columns(limits)
    return _changed(conn, by, _found(id, conn.execute(SQL["change_webhook"], columns | {"id": id}).fetchone()))


def switch_webhook(conn: Connection, by: Caller, id: UUID, limits: Limits, *, active: bool) -> DictRow:
    """Switch a webhook on or off, and that alone: what somebody changes at the same time stays.

    Raises NotFound, and InvalidInput for one that could not be made now.
    """
    row = _found(id, conn.execute(SQL["switch_webhook"], {"id": id, "active": active}).fetchone())
    if active:
        Wanted(**{field.name: row[field.name] for field in fields(Wanted)}).columns(limits)
    return _changed(conn, by, row)


def drop_webhook(conn: Connection, by: Caller, id: UUID) -> None:
    """Delete a webhook, and what it was to be told. Deliveries that wait are cancelled. Raises NotFound."""
    _found(id, conn.execute(SQL["drop_webhook"], {"id": id}).fetchone())
    conn.execute(SQL["drop_lines"], {"id": id})
    waiting = conn.execute(SQL["waiting_deliveries"], {"webhook": str(id), "looked": LOOKED}).fetchall()
    cancel_many(conn, [JobId(row["id"]) for row in waiting])
    note(conn, by, "webhook.drop", id)


def rotate_secret(conn: Connection, by: Caller, id: UUID, *, force: bool = False) -> tuple[str, DictRow]:
    """Give a webhook a new secret; returns it, and the rest. For OVERLAP the one before signs, too.

    At most two sign at a time. With `force`, an older one that still does ends at once; without, that is a Conflict.
    Raises NotFound.
    """
    secret = new_secret()
    given = {"id": id, "secret": secret, "overlap": OVERLAP, "force": force}
    if row := conn.execute(SQL["rotate_secret"], given).fetchone():
        note(conn, by, "webhook.rotate", id, force=force)
        return secret, row
    until = get_webhook(conn, id)["old_secret_until"].astimezone(UTC)
    raise Conflict(
        f"Its secret was rotated already, and the one before signs until {until:%Y-%m-%dT%H:%M:%SZ}. Rotate it then, or"
        " with force=true, which ends that one at once."
    )


def _changed(conn: Connection, by: Caller, row: DictRow) -> DictRow:
    """What was set aside for it is tried again; not while it is off, since a delivery would be dropped then."""
    if row["active"]:
        conn.execute(SQL["try_again"], {"id": row["id"]})
    note(conn, by, "webhook.change", row["id"], host=host_of(row["url"]), active=row["active"])
    return row


def _found(id: UUID, row: DictRow | None) -> DictRow:
    if row is None:
        raise NotFound(f"There is no webhook {id}.")
    return row
