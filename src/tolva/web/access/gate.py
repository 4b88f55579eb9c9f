"""The gate: finds out who calls. By key, else by the dashboard's cookie, else nobody, which may be enough at first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from starlette.requests import HTTPConnection

from tolva.db.pool import Database
from tolva.errors import Forbidden, RateLimited, Unauthenticated
from tolva.web.access.caller import ANYONE_HERE, Caller, Role
from tolva.web.access.log_context import bind_caller
from tolva.web.access.origin import may_act, means_this_machine, network_of
from tolva.web.access.pace import Pace
from tolva.web.access.roll import Roll
from tolva.web.access.secrets import hash_of
from tolva.web.access.sql import SQL

COOKIE = "tolva_session"


@dataclass(frozen=True)
class Gate:
    """`on_loopback`: whether the API can be reached from this machine alone, and so may begin without keys."""

    db: Database
    on_loopback: bool
    pace: Pace
    roll: Roll

    def caller(self, request: HTTPConnection) -> Caller:
        """Who calls.

        Raises Unauthenticated, Forbidden for what another site makes a browser send, RateLimited, DatabaseUnavailable.
        """
        if key := presented_key(request.headers):
            caller = self.holder(request, key)
        else:
            caller = self._logged_in(request) or self._without_key(request)
            require_own_page(request)
        bind_caller(caller, request.scope)
        if caller.key_id is not None:
            self.pace.take(caller.key_id)
        return caller

    def holder(self, request: HTTPConnection, key: str) -> Caller:
        """Who holds a key. Raises Unauthenticated when it is not in force, RateLimited, DatabaseUnavailable."""
        return self._held("key_holder", request, hash_of(key)) or self._refuse(
            request, "There is no such key, or it is revoked or expired. `tolva key create` makes one."
        )

    def in_force(self, caller: Caller) -> bool:
        """Whether a caller of some time ago would still be let in. Raises DatabaseUnavailable."""
        if caller.key_id is None:
            return not self.has_keys()
        if caller.login is not None:
            return self._looked_up("session_holder", caller.login) is not None
        with self.db.transaction(caller.tenant_id) as conn:
            return conn.execute(SQL["key_in_force"], {"id": caller.key_id}).fetchone() is not None

    def is_open(self, request: HTTPConnection) -> bool:
        """Whether no key is needed: none was ever made, and only this machine can call."""
        return self.on_loopback and means_this_machine(request) and not self.has_keys()

    def lets_nobody_in(self) -> bool:
        """Whether nobody can call before somebody makes a key. Raises DatabaseUnavailable."""
        return not self.on_loopback and not self.has_keys()

    def has_keys(self) -> bool:
        """Whether any key was ever made. Raises DatabaseUnavailable."""
        return self.roll.has_keys()

    def _logged_in(self, request: HTTPConnection) -> Caller | None:
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        login = hash_of(cookie)
        held = self._held("session_holder", request, login)
        return replace(held, login=login) if held else None

    def _without_key(self, request: HTTPConnection) -> Caller:
        if self.is_open(request):
            return ANYONE_HERE
        return self._refuse(
            request, "This needs a key: send it as 'Authorization: Bearer …'. `tolva key create` makes one."
        )

    def _held(self, query: str, request: HTTPConnection, hash: bytes) -> Caller | None:
        """Who holds it. An address that sent many wrong ones has only those looked up that can be right."""
        try:
            self.pace.check(_sender(request))
        except RateLimited:
            if not self.roll.may_hold(hash):
                raise
        return self._looked_up(query, hash)

    def _looked_up(self, query: str, hash: bytes) -> Caller | None:
        with self.db.connection() as conn:
            row = conn.execute(SQL[query], {"hash": hash}).fetchone()
        return Caller(row["tenant_id"], Role(row["role"]), row["name"], row["key_id"]) if row else None

    def _refuse(self, request: HTTPConnection, message: str) -> NoReturn:
        """Who guesses is slowed down; who brings a good key from the same address is not."""
        self.pace.take(_sender(request))
        raise Unauthenticated(message)


def _sender(request: HTTPConnection) -> str:
    return f"address {network_of(request.client.host) if request.client else ''}"


def require_own_page(request: HTTPConnection) -> None:
    """Raises Forbidden for what a page of another site makes a browser do with what it holds of ours."""
    if not may_act(request):
        raise Forbidden("This came from a page of another site. Open Tolva's own page and do it there.")


def presented_key(headers: Mapping[str, str]) -> str | None:
    """The key that a request brings, in either of two headers.

    >>> presented_key({"authorization": "Bearer tolva_1"}), presented_key({"x-api-key": "tolva_2"}), presented_key({})
    ('tolva_1', 'tolva_2', None)
    """
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return (key.strip() if scheme.lower() == "bearer" else "") or headers.get("x-api-key", "").strip() or None
