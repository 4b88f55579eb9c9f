"""PostgreSQL's errors in our words: which ones pass by themselves, and what to do about the others."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import psycopg_pool
from psycopg import errors as pg

from tolva.errors import DatabaseUnavailable, TolvaError, TryLater

_NO_CONNECTION = "PostgreSQL has no free connection. Raise its max_connections, or run fewer workers (TOLVA_PROCESSES)."
_DISK_FULL = "The disk of PostgreSQL is full. Free some space; the work goes on by itself from where it stopped."
_NO_MEMORY = "PostgreSQL ran out of memory. Give it more, or run fewer workers (TOLVA_PROCESSES)."


@contextmanager
def translated() -> Generator[None]:
    """Turns what passes by itself (lost connections, full disk, deadlocks) into TryLater; the rest is ours to mend."""
    try:
        yield
    except (pg.ProgramLimitExceeded, pg.StatementTooComplex):
        raise  # what was given is beyond a fixed limit of PostgreSQL, today and tomorrow
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout) as error:
        raise translate(error) from error


def translate(error: Exception) -> TolvaError:
    """One of PostgreSQL's passing errors as ours."""
    if isinstance(error, pg.DeadlockDetected | pg.SerializationFailure | pg.LockNotAvailable | pg.QueryCanceled):
        return TryLater(f"PostgreSQL: {_first_line(error)}")
    if isinstance(error, pg.DiskFull):
        return DatabaseUnavailable(_DISK_FULL)
    if isinstance(error, pg.OutOfMemory):
        return DatabaseUnavailable(_NO_MEMORY)
    # While connecting there is no SQLSTATE yet, only the text of the refusal.
    if isinstance(error, pg.TooManyConnections) or "too many clients" in str(error):
        return DatabaseUnavailable(_NO_CONNECTION)
    return DatabaseUnavailable(f"PostgreSQL does not answer: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
