"""PostgreSQL's errors in our words: which ones pass by themselves, and what to do about the others."""

import re
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import psycopg_pool
from psycopg import errors as pg

from tolva.errors import Contended, DatabaseUnavailable, InvalidInput, SettingsError, TolvaError, TookTooLong

_NO_CONNECTION = (
    "PostgreSQL has no free connection. Raise its max_connections (or the limit of the role or database), "
    "or run fewer workers (TOLVA_PROCESSES)."
)
_CROWDED = re.compile(
    "too many clients|too many connections|remaining connection slots"
    "|demasiados clientes|demasiadas conexiones|conexiones restantes están reservadas"
    "|muitos clientes conectados|muitas conexões|conexões restantes"
)
_DISK_FULL = "The disk of PostgreSQL is full. Free some space; the work goes on by itself from where it stopped."
_NO_MEMORY = "PostgreSQL ran out of memory. Give it more, or run fewer workers (TOLVA_PROCESSES)."


@contextmanager
def translated() -> Generator[None]:
    """Turns what passes by itself (lost connections, full disk, deadlocks) into TryLater; the rest is ours to mend.

    Raises InvalidInput for a text that PostgreSQL cannot hold, wherever it came in.
    """
    try:
        yield
    except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
        if holds_nul(error):
            raise InvalidInput("A text holds the character NUL (U+0000), which cannot be kept. Take it out.") from error
        if not passes(error):
            raise
        raise translate(error) from error


def holds_nul(error: Exception) -> bool:
    """Whether a text or JSON held NUL: psycopg refuses the one itself, without a SQLSTATE, PostgreSQL the other.

    >>> holds_nul(psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"))
    True
    """
    if isinstance(error, pg.UntranslatableCharacter):
        return True
    return isinstance(error, psycopg.DataError) and error.sqlstate is None and "NUL" in str(error)


# While connecting there is no SQLSTATE, only the text, in the language of the server: en, es, pt.
_REFUSED = re.compile(
    "|".join(
        (
            "authentication failed|(?:database|role) .* does not exist|not permitted to log in|no password supplied",
            "permission denied for database",
            "autentificación .*falló|no existe (?:la base de datos|el rol)|no se le permite conectarse",
            "permiso denegado a la base de datos",
            "autenticação .*falh|(?:banco de dados|role) .* não existe|não tem permissão para (?:se conectar|efetuar)",
            "permissão negada (?:para|ao) (?:o )?banco de dados",
            "pg_hba[.]conf",
        )
    )
)
_ATTEMPT = "\n- host: "
"""Begins the line of each attempt where there were several: HOST, port: PORT, hostaddr: ADDRESS: what went wrong."""


def refuses_login(error: psycopg.Error) -> bool:
    """Whether the server answers, but not to this login or for this database; of several servers, whether each does.

    >>> refuses_login(psycopg.OperationalError('FATAL:  database "x" does not exist'))
    True
    >>> refuses_login(psycopg.OperationalError("FATAL:  la autentificación password falló para el usuario «x»"))
    True
    >>> refuses_login(psycopg.OperationalError("FATAL:  el sistema de base de datos está iniciándose"))
    False
    """
    if error.sqlstate is not None:
        return False
    first, *attempts = str(error).split(_ATTEMPT)
    refused: dict[str, bool] = {}
    for attempt in attempts or [first]:
        server = attempt.partition(", hostaddr:")[0]  # it may listen at one of its addresses alone
        refused[server] = refused.get(server, False) or _REFUSED.search(attempt) is not None
    return all(refused.values())


@contextmanager
def login_explained() -> Generator[None]:
    """For the first connection of a process: a refused login is a wrong setting, and no reason to wait."""
    try:
        yield
    except psycopg.OperationalError as error:
        if not refuses_login(error):
            raise
        raise SettingsError(
            f"PostgreSQL refuses the login or has no such database: {_first_line(error)}. Mend DATABASE_URL, or make"
            " what it names."
        ) from error


_PASSING = ("08", "40", "53", "57P")
"""Beginnings of the SQLSTATEs that pass by themselves: connection, rollback, resources, shutdown."""


def passes(error: Exception) -> bool:
    """Whether the same statement may succeed later, with nobody mending anything in it.

    >>> passes(pg.AdminShutdown()), passes(pg.UndefinedTable()), passes(psycopg.OperationalError("no route"))
    (True, False, True)
    """
    if isinstance(error, pg.ConfigurationLimitExceeded):
        return False
    if isinstance(
        error,
        pg.LockNotAvailable | pg.QueryCanceled | pg.ReadOnlySqlTransaction,
    ):
        return True
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    if state is None:
        # Never reached the server, or lost it on the way.
        return isinstance(error, psycopg.OperationalError | psycopg_pool.PoolTimeout)
    return state.startswith(_PASSING)


def fell_silent(error: BaseException | None) -> bool:
    """Whether the connection broke, or that to a server behind a proxy. A COMMIT with any other error is rolled back.

    >>> [fell_silent(error) for error in (psycopg.OperationalError("broken pipe"), pg.AdminShutdown(), pg.DiskFull())]
    [True, True, False]
    >>> fell_silent(pg.StatementCompletionUnknown())
    True
    """
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return state is None or state.startswith(("08", "57P", "40003"))


def translate(error: Exception) -> TolvaError:
    """One of PostgreSQL's passing errors as ours."""
    if isinstance(error, pg.QueryCanceled):
        return TookTooLong(f"PostgreSQL: {_first_line(error)}")
    if isinstance(error, pg.DeadlockDetected | pg.SerializationFailure | pg.LockNotAvailable):
        return Contended(f"PostgreSQL: {_first_line(error)}")
    if isinstance(error, pg.DiskFull):
        return DatabaseUnavailable(_DISK_FULL)
    if isinstance(error, pg.OutOfMemory):
        return DatabaseUnavailable(_NO_MEMORY)
    # While connecting there is no SQLSTATE yet, only the text of the refusal.
    if isinstance(error, pg.TooManyConnections) or _CROWDED.search(str(error)):
        return DatabaseUnavailable(_NO_CONNECTION)
    return DatabaseUnavailable(f"PostgreSQL does not answer: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
