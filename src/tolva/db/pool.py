"""Connections to PostgreSQL, in the application's role, and the unit of work."""

import select
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from tolva.db.faults import fell_silent, translated
from tolva.db.spans import TracedCursor, transaction_span
from tolva.errors import CommitLost, DatabaseUnavailable, SettingsError
from tolva.tracing import tracing

RECONNECT = 2.0
"""Seconds after which the pool stops trying to connect for one caller; the next caller makes it begin anew."""
APP_ROLE = "tolva_app"
"""What every connection of the application acts as. It cannot bypass row-level security."""

Connection = psycopg.Connection[DictRow]


def connect(dsn: str, *, name: str, idle_in_transaction: float = 30.0) -> Connection:
    """One connection in autocommit, as the application's role. `idle_in_transaction` in seconds.

    The limit on idle transactions is what frees the row locks of a worker process that was frozen.
    Raises DatabaseUnavailable.
    """
    with translated():
        conn = Connection.connect(dsn, **connection_options(name))
        _become_app(conn, idle_in_transaction)
    return conn


def connection_options(name: str) -> dict[str, Any]:
    """Arguments of every connection. A peer that is cut off without a word is given up after some 20 s."""
    traced = {"cursor_factory": TracedCursor} if tracing() else {}
    return traced | {
        "autocommit": True,
        "row_factory": dict_row,
        "application_name": name,
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "tcp_user_timeout": 20_000,
    }


def _become_app(conn: Connection, idle_in_transaction: float, statement: float | None = None) -> None:
    """Take on the application's role, and let the server notice soon when this process is frozen or gone."""
    milliseconds = str(int(idle_in_transaction * 1000))
    longest = None if statement is None else str(int(statement * 1000))
    try:
        conn.execute(
            """
            SELECT set_config('role', %s, false), set_config('idle_in_transaction_session_timeout', %s, false),
              -- only some systems can look whether the client of a running statement is still there
              CASE WHEN version() ~ 'linux|darwin|bsd' THEN
                set_config('client_connection_check_interval', '1s', false) END,
              set_config('statement_timeout', coalesce(%s, current_setting('statement_timeout')), false)
            """,
            (APP_ROLE, milliseconds, longest),
        )
    except pg.InvalidParameterValue as error:
        raise SettingsError("The database is not set up yet. Run `tolva migrate`.") from error
    except pg.InsufficientPrivilege as error:
        raise SettingsError(
            f"The login of DATABASE_URL may not act as {APP_ROLE}. Its administrator: GRANT {APP_ROLE} TO it."
        ) from error


def become_tenant(conn: psycopg.Connection[Any], tenant_id: str, *, local: bool) -> None:
    """See and write the rows of this tenant alone: until the transaction ends, or in all of the session."""
    conn.execute("SELECT set_config('app.tenant_id', %s, %s)", (tenant_id, local))


def _check(conn: Connection) -> None:
    """A connection may have died in the pool, say because PostgreSQL restarted: then its end is there to be read.

    Who went without a word is found out by whoever uses it next.
    """
    heard = select.poll()
    heard.register(conn.fileno(), select.POLLIN)
    if heard.poll(0):
        conn.execute("")


class Database:
    """A pool of connections to one database. Sizes in connections, times in seconds.

    `statement` is how long one may run: TookTooLong ends it. For who answers somebody that waits; work takes its time.
    """

    def __init__(
        self,
        dsn: str,
        *,
        name: str,
        size: int = 10,
        idle_in_transaction: float = 30.0,
        statement: float | None = None,
    ) -> None:
        self.dsn = dsn
        self.name = name
        self._idle_in_transaction = idle_in_transaction
        self._pool = ConnectionPool(
            dsn,
            connection_class=Connection,
            min_size=0,
            max_size=size,
            timeout=10,
            # Else it tries ever more seldom, and stays deaf after an outage for as long as that lasted.
            reconnect_timeout=RECONNECT,
            open=True,
            kwargs=connection_options(name),
            configure=lambda conn: _become_app(conn, idle_in_transaction, statement),
            check=_check,
        )

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """A connection in autocommit, for single statements that need no tenant. Raises DatabaseUnavailable."""
        with translated():
            conn = self._get()
            try:
                yield conn
            finally:
                self._pool.putconn(conn)

    @contextmanager
    def transaction(self, tenant_id: str | None = None) -> Generator[Connection]:
        """A transaction, seeing the rows of `tenant_id` alone (of nobody, without one).

        Raises DatabaseUnavailable, TookTooLong, or Contended after a deadlock; then nothing was done. CommitLost where
        nobody knows.
        """
        committing = False
        try:
            with self.connection() as conn, transaction_span(conn), conn.transaction():
                if tenant_id is not None:
                    become_tenant(conn, tenant_id, local=True)
                yield conn
                committing = True
        except DatabaseUnavailable as error:
            if not committing or not fell_silent(error.__cause__):
                raise
            raise CommitLost(
                "The connection broke at the last moment: if something was to be changed, nobody knows whether it was."
                f" Look before you do it again. {error}"
            ) from error

    def _get(self) -> Connection:
        try:
            return self._pool.getconn()
        except PoolTimeout:
            # The pool does not say why it has none: ask PostgreSQL itself.
            connect(self.dsn, name=f"{self.name} probe").close()
        try:
            return self._pool.getconn()  # it answers, perhaps only since a moment ago
        except PoolTimeout as error:
            raise DatabaseUnavailable(
                f"All {self._pool.max_size} connections of this process are in use. Try again in some seconds."
            ) from error

    def dedicated(self, purpose: str) -> Connection:
        """A connection outside the pool, for one thread to keep."""
        return connect(self.dsn, name=f"{self.name} {purpose}", idle_in_transaction=self._idle_in_transaction)

    def close(self) -> None:
        """Close all connections of the pool."""
        self._pool.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
