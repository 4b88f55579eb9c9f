"""What carries the rings. An engine is one file and one line in ENGINES."""

from collections.abc import Callable, Mapping

from tolva.core.ports import Engine
from tolva.db.pool import Database
from tolva.engines.inline import InlineEngine
from tolva.engines.postgres import PostgresEngine
from tolva.errors import SettingsError

ENGINES: Mapping[str, Callable[[Database], Engine]] = {
    "postgres": PostgresEngine,
    "inline": InlineEngine,
}


def make_engine(name: str, db: Database) -> Engine:
    """The engine of that name. Raises SettingsError when there is none."""
    try:
        return ENGINES[name](db)
    except KeyError:
        raise SettingsError(f"TOLVA_ENGINE is '{name}'; choose one of: {', '.join(ENGINES)}.") from None
