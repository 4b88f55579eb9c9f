"""What the doctor looks at: as much of the installation as can be had without changing it."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tolva import app
from tolva.app import Server
from tolva.cli.console import settings_for
from tolva.cli.doctor.finding import Finding, skipped
from tolva.cli.hints import Hints
from tolva.db.migrate import pending
from tolva.db.pool import Connection, Database, connect
from tolva.errors import SettingsError, TolvaError
from tolva.settings import Settings
from tolva.web.tenant import DEFAULT_TENANT


@dataclass(frozen=True)
class Patient:
    """Each part is there, or the reason why it is not."""

    hints: Hints
    settings: Settings | TolvaError
    server: Server | TolvaError | None = None
    """None when the embedded server was never started: the first start makes it, and a doctor makes nothing."""
    db: Database | None = None
    """Connections in the application's role; only where the login may take it, and every migration is applied."""

    @property
    def tolva(self) -> Settings:
        """The settings. Only for checks behind `with_settings`."""
        assert isinstance(self.settings, Settings)
        return self.settings

    @property
    def running(self) -> Server:
        """The server. Only for checks behind `with_server`."""
        assert isinstance(self.server, Server)
        return self.server

    @contextmanager
    def asking(self) -> Generator[Connection]:
        """A transaction of the application. Only for checks behind `with_tables`."""
        assert self.db is not None
        with self.db.transaction(DEFAULT_TENANT) as conn:
            yield conn


Examination = Callable[[Patient], Finding]


@dataclass(frozen=True)
class Check:
    """Something to look at."""

    name: str
    examine: Examination


def with_settings(examine: Examination) -> Examination:
    """Only when the settings can be read."""
    return lambda patient: examine(patient) if isinstance(patient.settings, Settings) else skipped("wrong settings")


def with_server(examine: Examination) -> Examination:
    """Only when PostgreSQL answers."""
    return lambda patient: examine(patient) if isinstance(patient.server, Server) else skipped("no PostgreSQL to ask")


def with_tables(examine: Examination) -> Examination:
    """Only when the database is migrated and the login may act as the application."""
    return lambda patient: examine(patient) if patient.db else skipped("no migrated database to ask")


@contextmanager
def examined(data_dir: Path | None) -> Generator[Patient]:
    """Open what can be opened."""
    hints = Hints(data_dir)
    with ExitStack() as stack:
        try:
            settings = settings_for(data_dir)
        except TolvaError as error:
            yield Patient(Hints(), error)
            return
        try:
            server = stack.enter_context(app.server(settings)) if _is_there(settings) else None
            usable = server is not None and _is_usable(server)
        except TolvaError as error:
            yield Patient(hints, settings, error)
            return
        db = stack.enter_context(Database(server.dsn, name="tolva doctor", size=2)) if server and usable else None
        yield Patient(hints, settings, server, db)


def _is_there(settings: Settings) -> bool:
    try:
        return bool(settings.database_url) or (settings.data_dir / "postgres" / "data").exists()
    except OSError:
        return True  # we may not even look; whoever opens it says whose it is


def _is_usable(server: Server) -> bool:
    """Whether the application could work. Raises DatabaseUnavailable when PostgreSQL does not answer."""
    try:
        if pending(server.admin_dsn, app.migrations()):
            return False
        connect(server.dsn, name="tolva doctor").close()
    except SettingsError:
        return False  # a right is missing, or it is another version's; the checks tell which
    return True
