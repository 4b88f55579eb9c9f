"""Whether the brokers of the engines in use answer, and how many rings lie unheard in each queue."""

from collections.abc import Mapping, Sequence

from tolva.core.ports import Engine
from tolva.engines.routes import Routes

BROKERLESS = frozenset({"postgres", "inline"})
"""Engines that need no server of their own."""

Depths = Mapping[str, int | None]
"""Rings that lie unheard, by queue; None where none are kept."""


def brokers(routes: Routes, queues: Sequence[str]) -> dict[str, list[str]]:
    """The engines that need a broker, with those of the queues that each serves.

    >>> brokers(Routes({"a": "sqs"}, "postgres"), ["a", "b"])
    {'sqs': ['a']}
    """
    return {name: served for name, served in routes.by_engine(queues).items() if name not in BROKERLESS}


def depths(engine: Engine, queues: Sequence[str]) -> Depths:
    """What lies in queues of one broker. Raises BrokerUnavailable, or SettingsError where the engine cannot be made."""
    return {queue: engine.depth(queue) for queue in queues}
