"""Databases of the firm that rows go to, besides Tolva's own. A setting says which; each belongs to one tenant."""

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg import errors as pg

from tolva.db.faults import passes, refuses_login, translate
from tolva.db.pool import Connection, become_tenant, connection_options
from tolva.errors import DatabaseUnavailable, InvalidInput, SettingsError, StorageUnavailable

log = logging.getLogger(__name__)

IDLE = "15s"
"""How long a frozen worker may keep the locks of an open transaction."""


class Destinations:
    """By `TENANT/NAME`, the address of each."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses

    @contextmanager
    def connect(self, tenant_id: str, name: str) -> Generator[Connection]:
        """A connection in autocommit, as the login of its address, with `app.tenant_id` set.

        Raises InvalidInput when there is no such destination, SettingsError when it refuses the login,
        StorageUnavailable while it does not answer. Errors name the destination, never its address, which is the log's.
        """
        address = self._address(tenant_id, name)
        try:
            with Connection.connect(address, **connection_options("tolva destination")) as conn:
                become_tenant(conn, tenant_id, local=False)
                conn.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, false)", (IDLE,))
                yield conn
        except pg.InsufficientPrivilege as error:
            said = error.diag.message_primary
            raise SettingsError(f"The login of destination '{name}' lacks a right: {said}.") from error
        except psycopg.Error as error:
            if not passes(error):
                raise
            if refuses_login(error):
                log.warning("destination %s/%s: %s", tenant_id, name, error)
                raise SettingsError(
                    f"Destination '{name}' refuses its login or has no such database. The log of the worker says which;"
                    " the operator mends TOLVA_DESTINATIONS."
                ) from error
            told = translate(error)
            if isinstance(told, DatabaseUnavailable):
                log.warning("destination %s/%s: %s", tenant_id, name, error)
                raise StorageUnavailable(
                    f"Destination '{name}' does not answer. The work goes on when it does."
                ) from error
            raise type(told)(f"Destination '{name}': {told}") from error

    def _address(self, tenant_id: str, name: str) -> str:
        address = self._addresses.get(f"{tenant_id}/{name}")
        if address is None:
            raise InvalidInput(
                f"destination: there is none called {name!r}; the operator names its database in TOLVA_DESTINATIONS"
                f" as {tenant_id}/{name}"
            )
        return address
