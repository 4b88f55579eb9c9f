"""Migrations: numbered .sql files per module, each applied once, in its own transaction, by one process at a time."""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import LiteralString, cast

import psycopg
from psycopg import errors as pg
from psycopg.rows import tuple_row

from tolva.db.faults import login_explained, translated
from tolva.db.pool import Database
from tolva.errors import SettingsError

OLDEST_SERVER = 150000
_LOCK = 0x746F6C7661  # "tolva"
_LEDGER = """
CREATE SCHEMA IF NOT EXISTS tolva;
CREATE TABLE IF NOT EXISTS tolva.migrations (
    module text NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (module, name)
)
"""


@dataclass(frozen=True)
class Migration:
    """One file of a module's `migrations` folder."""

    module: str
    name: str
    statements: LiteralString

    @property
    def digest(self) -> str:
        """SHA-256 of the file's text, in hex."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def find_migrations(package: str) -> list[Migration]:
    """The migrations of a package, in the order of their names; none where it has no such folder."""
    folder = resources.files(package).joinpath("migrations")
    if not folder.is_dir():
        return []
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(package, file.name, cast(LiteralString, file.read_text("utf-8"))) for file in files]


def migrate(dsn: str, migrations: Sequence[Migration]) -> list[Migration]:
    """Apply those not yet applied, in the order given; returns them.

    Raises SettingsError when the server is too old, the login may not make what is needed,
    or the database was migrated by another version of Tolva. What failed left nothing behind.
    """
    with _alone(dsn) as conn:
        applied = _applied(conn)
        _refuse_foreign(applied, migrations)
        missing = [m for m in migrations if (m.module, m.name) not in applied]
        for migration in missing:
            _apply(conn, migration)
    return missing


def pending(dsn: str, migrations: Sequence[Migration]) -> list[Migration]:
    """Those not yet applied. Changes nothing. Raises SettingsError for a database of another version of Tolva."""
    with (
        translated(),
        login_explained(),
        psycopg.connect(dsn, autocommit=True, connect_timeout=5) as conn,
        _explained(),
    ):
        known = conn.execute("SELECT to_regclass('tolva.migrations')").fetchone()
        applied = _applied(conn) if known and known[0] else {}
    _refuse_foreign(applied, migrations)
    return [m for m in migrations if (m.module, m.name) not in applied]


def refuse_missing(missing: Sequence[Migration]) -> None:
    """Raises SettingsError when there are any."""
    if missing:
        raise SettingsError(f"The database lacks {len(missing)} migrations. Run `tolva migrate` first.")


def require_migrated(db: Database, migrations: Sequence[Migration]) -> None:
    """As the application's role sees it: raises SettingsError when some are missing, DatabaseUnavailable."""
    with db.connection() as conn, conn.cursor(row_factory=tuple_row) as cursor:
        applied = _applied(cursor)
    _refuse_foreign(applied, migrations)
    refuse_missing([m for m in migrations if (m.module, m.name) not in applied])


@contextmanager
def _alone(dsn: str) -> Generator[psycopg.Connection]:
    with translated(), login_explained(), psycopg.connect(dsn, autocommit=True, connect_timeout=10) as conn:
        _refuse_old_server(conn)
        # A migrator that was frozen must not hold up the others for ever.
        conn.execute("SET idle_in_transaction_session_timeout = '60s'; SET idle_session_timeout = '60s'")
        conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        with _explained():
            # Looked at first, so that a login without the right to create can still find everything applied.
            known = conn.execute("SELECT to_regclass('tolva.migrations')").fetchone()
            if not (known and known[0]):
                conn.execute(_LEDGER)
            yield conn


def _applied(conn: psycopg.Connection | psycopg.Cursor) -> dict[tuple[str, str], str]:
    rows = conn.execute("SELECT module, name, digest FROM tolva.migrations").fetchall()
    return {(module, name): digest for module, name, digest in rows}


def _apply(conn: psycopg.Connection, migration: Migration) -> None:
    with conn.transaction():
        conn.execute(migration.statements, prepare=False)
        conn.execute(
            "INSERT INTO tolva.migrations (module, name, digest) VALUES (%s, %s, %s)",
            (migration.module, migration.name, migration.digest),
        )


def _refuse_foreign(applied: dict[tuple[str, str], str], migrations: Sequence[Migration]) -> None:
    ours = {(m.module, m.name): m.digest for m in migrations}
    unknown = [f"{module} {name}" for module, name in applied if (module, name) not in ours]
    changed = [f"{m} {n}" for (m, n), digest in applied.items() if ours.get((m, n), digest) != digest]
    if unknown or changed:
        raise SettingsError(
            f"The database was migrated by another version of Tolva ({', '.join(unknown + changed)}). "
            "Run that version or a later one, or point DATABASE_URL (or TOLVA_DATA_DIR) elsewhere."
        )


def _refuse_old_server(conn: psycopg.Connection) -> None:
    if conn.info.server_version < OLDEST_SERVER:
        found = conn.info.server_version // 10000
        raise SettingsError(f"PostgreSQL {found} is too old: Tolva needs 15 or later. Point DATABASE_URL to one.")


@contextmanager
def _explained() -> Generator[None]:
    try:
        yield
    except pg.InsufficientPrivilege as error:
        raise SettingsError(
            f"The login of DATABASE_URL may not set up Tolva's schema ({error.diag.message_primary}). "
            "Run `tolva migrate` once with a login that owns the database and has CREATEROLE."
        ) from error
