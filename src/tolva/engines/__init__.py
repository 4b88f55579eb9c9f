"""What carries the rings. An engine is one file and one line in ENGINES."""

from collections.abc import Iterable, Mapping
from functools import partial

from tolva.core.extras import imported
from tolva.core.ports import Engine
from tolva.db.pool import Database
from tolva.engines.news import Announcer, Way
from tolva.engines.news_postgres import PostgresWay
from tolva.engines.routed import RoutedEngine
from tolva.engines.routes import routes_of
from tolva.errors import SettingsError
from tolva.settings import Settings

ENGINES: Mapping[str, str] = {
    "postgres": "tolva.engines.postgres",
    "inline": "tolva.engines.inline",
    "redis": "tolva.engines.redis",
    "sqs": "tolva.engines.sqs",
    "celery": "tolva.engines.celery",
    "dramatiq": "tolva.engines.dramatiq_rings",
}
"""The modules, each of which has a `make`. One is imported when it is used: not everybody has what it needs."""
INSIDE = frozenset({"inline"})
"""Engines that ring in their own process alone, so that jobs must run where they are made."""
HOSTED = frozenset({"celery"})
"""Engines whose workers are processes that they start themselves."""


def require_known(settings: Settings) -> None:
    """Raises SettingsError when these settings name an engine that there is not."""
    for name in routes_of(settings).engines:
        if name not in ENGINES:
            setting = "TOLVA_ENGINE is" if name == settings.engine else "TOLVA_ENGINES names"
            raise SettingsError(f"{setting} '{name}'; choose one of: {', '.join(ENGINES)}.")


def require_usable(settings: Settings, names: Iterable[str]) -> None:
    """Raises SettingsError, or BrokerUnavailable, for one of these engines that lacks a package or a setting."""
    with Database("", name="nobody") as db:  # neither it nor an engine asks a server before it is used
        ways(settings, db)
        for name in names:
            make_single(settings, db, name).close()


def make_engine(settings: Settings, db: Database) -> RoutedEngine:
    """The engines of these settings as one. Raises SettingsError for one that there is not."""
    require_known(settings)
    return RoutedEngine(routes_of(settings), partial(make_single, settings, db), Announcer(ways(settings, db)))


def ways(settings: Settings, db: Database) -> list[Way]:
    """How wake-ups of those who watch jobs go, the best way first. Raises SettingsError when redis is not installed."""
    if not settings.redis:
        return [PostgresWay(db)]
    module = imported("tolva.engines.news_redis", "redis")
    return [module.RedisWay(settings.redis), PostgresWay(db)]


def make_single(settings: Settings, db: Database, name: str) -> Engine:
    """The engine of that name. Raises SettingsError when what it needs is not installed, or not set."""
    return imported(ENGINES[name], name).make(settings, db)
