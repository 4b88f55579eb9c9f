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
INSIDE = frozenset({"inline"})
"""Engines that ring in their own process alone, so that jobs must run where they are made."""


def require_known(name: str) -> None:
    """Raises SettingsError when there is no engine of that name."""
    if name not in ENGINES:
        raise SettingsError(f"TOLVA_ENGINE is '{name}'; choose one of: {', '.join(ENGINES)}.")


def make_engine(name: str, db: Database) -> Engine:
    """The engine of that name. Raises SettingsError when there is none."""
    require_known(name)
    return ENGINES[name](db)
