"""Logins of the dashboard: a cookie that stands for a key, which itself is not kept in the browser."""

from starlette.requests import HTTPConnection

from tolva.db.pool import Database
from tolva.web.access.gate import Gate, require_own_page
from tolva.web.access.secrets import hash_of, new_secret
from tolva.web.access.sql import SQL

LASTS = 7 * 86_400
"""Seconds until a login must be made again."""


def log_in(gate: Gate, request: HTTPConnection, key: str) -> str:
    """What the cookie is to hold.

    Raises Unauthenticated for a key that is not in force, Forbidden for a form of another site, which would log
    somebody in as somebody else, RateLimited, DatabaseUnavailable.
    """
    require_own_page(request)
    holder = gate.holder(request, key)
    secret = new_secret()
    with gate.db.transaction(holder.tenant_id) as conn:
        given = {"hash": secret.hash, "tenant_id": holder.tenant_id, "key_id": holder.key_id, "lasts": LASTS}
        conn.execute(SQL["begin_session"], given)
    return secret.text


def log_out(db: Database, tenant_id: str, cookie: str) -> None:
    """End a login. Ending one that is over already changes nothing."""
    with db.transaction(tenant_id) as conn:
        conn.execute(SQL["end_session"], {"hash": hash_of(cookie)})
