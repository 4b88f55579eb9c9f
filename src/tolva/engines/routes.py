"""Which engine serves which queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tolva.settings import Settings


@dataclass(frozen=True)
class Routes:
    """Patterns of queue names in the order in which they are tried, and the engine of all other queues."""

    patterns: Mapping[str, str]
    default: str

    def engine_of(self, queue: str) -> str:
        """The engine of a queue.

        >>> routes = Routes({"drive_sync": "dramatiq", "imports_*": "celery"}, "postgres")
        >>> [routes.engine_of(queue) for queue in ("imports_ocr", "drive_sync", "webhooks")]
        ['celery', 'dramatiq', 'postgres']
        """
        return next((engine for pattern, engine in self.patterns.items() if fnmatchcase(queue, pattern)), self.default)

    @property
    def engines(self) -> tuple[str, ...]:
        """Every engine that is named, each once."""
        return tuple(dict.fromkeys([*self.patterns.values(), self.default]))

    def by_engine(self, queues: Sequence[str]) -> dict[str, list[str]]:
        """These queues, by their engine.

        >>> Routes({"a": "sqs"}, "postgres").by_engine(["b", "a", "c"])
        {'postgres': ['b', 'c'], 'sqs': ['a']}
        """
        found: dict[str, list[str]] = {}
        for queue in queues:
            found.setdefault(self.engine_of(queue), []).append(queue)
        return found


def routes_of(settings: Settings) -> Routes:
    """The routes of these settings."""
    mode = settings.imports_runner_mode
    return Routes(settings.engines | ({"imports_*": mode} if mode else {}), settings.engine)
