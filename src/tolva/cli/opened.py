"""The job core for one command: server up, migrated, connected."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tolva import app
from tolva.cli.console import settings_for
from tolva.jobs.work import Jobs


@contextmanager
def opened(data_dir: Path | None) -> Generator[Jobs]:
    """The jobs of this installation. Raises SettingsError, DatabaseUnavailable."""
    settings = settings_for(data_dir)
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        with app.jobs(settings, server, "tolva cli") as jobs:
            yield jobs
