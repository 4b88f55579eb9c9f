"""The PostgreSQL in use, and what brings it up to date."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from tolva.db.embedded.use import use
from tolva.db.faults import translated
from tolva.db.migrate import Migration, find_migrations, migrate, pending, refuse_missing
from tolva.db.pool import APP_ROLE
from tolva.settings import Settings
from tolva.workloads import WORKLOADS


@dataclass(frozen=True)
class Server:
    """The PostgreSQL in use: `dsn` for the application, `admin_dsn` to migrate. Both may hold a password."""

    dsn: str = field(repr=False)
    admin_dsn: str = field(repr=False)
    embedded: bool
    place: str = "PostgreSQL"
    """Which one it is, in words."""


@contextmanager
def server(settings: Settings) -> Generator[Server]:
    """PostgreSQL: the one of DATABASE_URL, or the embedded one, running for as long as the context is open."""
    if settings.database_url:
        yield Server(
            settings.database_url, settings.database_url, embedded=False, place="the PostgreSQL of DATABASE_URL"
        )
        return
    with use(settings.data_dir) as here:
        yield Server(here.dsn, here.admin_dsn, embedded=True, place=f"the embedded PostgreSQL in {settings.data_dir}")


def migrations() -> list[Migration]:
    """All migrations, in the order of their modules."""
    packages = [
        "tolva.db",
        "tolva.jobs",
        "tolva.web",
        "tolva.web.access",
        *(workload.package for workload in WORKLOADS),
    ]
    return [migration for package in packages for migration in find_migrations(package)]


def bring_up_to_date(server: Server) -> list[Migration]:
    """Apply what is missing; returns it. Raises SettingsError, DatabaseUnavailable."""
    applied = migrate(server.admin_dsn, migrations())
    if server.embedded:
        with translated(), psycopg.connect(server.admin_dsn, autocommit=True) as conn:
            conn.execute(f"GRANT {APP_ROLE} TO tolva")
    return applied


def require_up_to_date(server: Server) -> None:
    """Raises SettingsError when migrations are missing, DatabaseUnavailable."""
    refuse_missing(pending(server.admin_dsn, migrations()))


def prepare(server: Server) -> None:
    """For a process that serves: the embedded database is brought up to date, another one must be already."""
    if server.embedded:
        bring_up_to_date(server)
    else:
        require_up_to_date(server)
