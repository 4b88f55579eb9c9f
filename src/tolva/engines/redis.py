"""Rings as lists of a Redis server, 6.2 or later. Each worker process moves those that it answers to a list of its own.

`tolva:rings:<queue>` holds the rings of a queue. `tolva:held:<worker>` holds what a worker has taken, for as long as
`tolva:listening:<worker>` lives; afterwards any other worker gives it back. `tolva:workers` names them all.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import json
import logging
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any, cast

import uuid_utils

from tolva.db.pool import Database
from tolva.engines.pulled import PulledEngine, tell_of_stranger
from tolva.engines.redis_client import explained, make_client
from tolva.engines.sender import MOST_RINGS
from tolva.errors import SettingsError
from tolva.settings import Settings

log = logging.getLogger(__name__)

WAIT = 2
"""Seconds that a listener waits for a ring."""
LISTENING = 20
"""Seconds after which a worker that does not report any more is taken for dead."""
WORKERS = "tolva:workers"


@dataclass(frozen=True)
class Held:
    """A ring in the list of this worker. `raw` finds it again there."""

    queue: str
    raw: bytes


class RedisBroker:
    """The lists of one server, as one worker sees them."""

    def __init__(self, url: str) -> None:
        self._redis = make_client(url)
        self._worker = str(uuid_utils.uuid4())
        self._unknown: set[bytes] = set()

    def send(self, queue: str, hints: Sequence[str]) -> None:
        """Append rings; of too many, the oldest go."""
        rings = [json.dumps({"queue": queue, "hint": hint, "ring": str(uuid_utils.uuid4())}) for hint in hints]
        with explained(), self._redis.pipeline(transaction=False) as pipe:
            pipe.rpush(_line(queue), *rings)
            pipe.ltrim(_line(queue), -MOST_RINGS, -1)
            pipe.execute()

    def receive(self, queue: str, most: int) -> list[Held]:
        """Wait for a ring, and take what lies behind it as far as slots are idle."""
        with explained():
            first = cast(bytes | None, self._redis.blmove(_line(queue), self._held, WAIT, "LEFT", "RIGHT"))
            rings = [first] if first is not None else []
            while rings and len(rings) < most:
                raw = cast(bytes | None, self._redis.lmove(_line(queue), self._held, "LEFT", "RIGHT"))
                if raw is None:
                    break
                rings.append(raw)
        return [held for raw in rings if (held := self._read(queue, raw))]

    def done(self, held: Held) -> None:
        """Strike a ring from this worker's list."""
        with explained():
            self._redis.lrem(self._held, 1, cast(str, held.raw))

    def give_back(self, held: Held) -> None:
        """Put a ring back at the front of its queue."""
        with explained(), self._redis.pipeline() as pipe:
            pipe.lrem(self._held, 1, cast(str, held.raw))
            pipe.lpush(_line(held.queue), held.raw)
            pipe.execute()

    def hold(self, held: Sequence[Held]) -> None:
        """Say that this worker lives, and give back what nobody answers: what dead ones held, and lost answers."""
        with explained():
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(f"tolva:listening:{self._worker}", len(held), ex=LISTENING)
                pipe.sadd(WORKERS, self._worker)
                pipe.smembers(WORKERS)
                workers = cast(set[bytes], pipe.execute()[-1])
            for worker in (each.decode(errors="replace") for each in workers):
                if not self._redis.exists(f"tolva:listening:{worker}"):
                    self._bury(worker)
            self._return_unknown({each.raw for each in held})

    def depth(self, queue: str) -> int:
        """The rings in the queue's list."""
        with explained():
            return self._redis.llen(_line(queue))

    @property
    def _held(self) -> str:
        return f"tolva:held:{self._worker}"

    def _read(self, queue: str, raw: bytes) -> Held | None:
        if _queue_of(raw) == queue:
            return Held(queue, raw)
        tell_of_stranger(_line(queue), raw)
        self.done(Held(queue, raw))
        return None

    def _bury(self, worker: str) -> None:
        """Several may do so at once; then a ring comes back twice, which costs nothing."""
        list_of = f"tolva:held:{worker}"
        self._return(list_of, self._listed(list_of))
        self._redis.delete(list_of)
        self._redis.srem(WORKERS, worker)

    def _return_unknown(self, known: Set[bytes]) -> None:
        """The connection may break after a ring was moved to the own list, and before anybody here hears of it."""
        unknown = set(self._listed(self._held)) - known
        self._return(self._held, unknown & self._unknown)  # seen once, it may be on its way to a slot
        self._unknown = unknown

    def _listed(self, list_of: str) -> list[bytes]:
        return cast(list[bytes], self._redis.lrange(list_of, 0, -1))

    def _return(self, list_of: str, rings: Iterable[bytes]) -> None:
        for raw in rings:
            with self._redis.pipeline() as pipe:
                if queue := _queue_of(raw):
                    pipe.rpush(_line(queue), raw)
                pipe.lrem(list_of, 1, cast(str, raw))
                pipe.execute()


def _line(queue: str) -> str:
    return f"tolva:rings:{queue}"


def _queue_of(raw: bytes) -> str | None:
    """The queue of a ring; None for what is none."""
    try:
        ring: Any = json.loads(raw)
        queue = ring["queue"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return queue if isinstance(queue, str) else None


def make(settings: Settings, db: Database) -> PulledEngine[Held]:
    """The engine of these settings. Raises SettingsError."""
    if not settings.redis:
        raise SettingsError("TOLVA_ENGINE=redis needs REDIS_URL, say redis://127.0.0.1:6379/0.")
    return PulledEngine(db, RedisBroker(settings.redis))
