"""Logins of the dashboard: a cookie that stands for a key, which itself is not kept in the browser."""

from starlette.requests import HTTPConnection

from tolva.db.pool import Database
from tolva.web.access.gate import Gate, require_own_page
from tolva.web.access.secrets import hash_of, new_secret
from tolva.web.access.sql import SQL

LASTS = 7 * 86_400
"""Seconds until a login must be made again."""
MOST = 50
"""Logins of one key: browsers of an office that shares it. Without a limit, a script that logs in and never out would
fill the table and the roll of every process for a week."""


def log_in(gate: Gate, request: HTTPConnection, key: str) -> str:
    """What the cookie is to hold. Where the key has MOST logins, the oldest ends.

    Raises Unauthenticated for a key that is not in force, Forbidden for a form of another site, which would log
    somebody in as somebody else, RateLimited, DatabaseUnavailable.
    """
    require_own_page(request)
    holder = gate.holder(request, key)
    assert holder.key_id is not None, "whoever holds a key"
    gate.pace.take(holder.key_id)
    secret = new_secret()
    with gate.db.transaction(holder.tenant_id) as conn:
        given = {"hash": secret.hash, "tenant_id": holder.tenant_id, "key_id": holder.key_id, "lasts": LASTS}
        conn.execute(SQL["begin_session"], given)
        conn.execute(SQL["end_oldest_sessions"], {"key_id": holder.key_id, "most": MOST})
    return secret.text


def log_out(db: Database, tenant_id: str, cookie: str) -> None:
    """End a login. Ending one that is over already changes nothing."""
    with db.transaction(tenant_id) as conn:
        conn.execute(SQL["end_session"], {"hash": hash_of(cookie)})
