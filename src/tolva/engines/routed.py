"""Several engines as one: each queue has its own."""

import logging
import threading
from collections.abc import Callable, Sequence

from tolva.core.job import JobId
from tolva.core.ports import Engine, QueueSlots, RunNext, ServingEngine
from tolva.engines.news import Announcer
from tolva.engines.routes import Routes
from tolva.errors import BrokerUnavailable, SettingsError

log = logging.getLogger(__name__)


class RoutedEngine:
    """Rings with the engine of each queue, which `make` makes when it is first needed, and wakes those who watch."""

    def __init__(self, routes: Routes, make: Callable[[str], Engine], announcer: Announcer) -> None:
        self._announcer = announcer
        self._routes = routes
        self._make = make
        self._engines: dict[str, Engine] = {}
        self._making = threading.Lock()
        self._served: list[ServingEngine] = []
        self._stopped = False

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Ring with the queue's engine. Where there can be none here, the ring is lost, as any may be."""
        try:
            engine = self._engine(self._routes.engine_of(queue))
        except (SettingsError, BrokerUnavailable) as error:
            log.error("rings of queue %s are lost: %s", queue, error)
            return
        engine.ring(queue, hints)

    def depth(self, queue: str) -> int | None:
        """The rings that lie unheard with the queue's engine."""
        return self._engine(self._routes.engine_of(queue)).depth(queue)

    def announce(self) -> None:
        """Wake those who watch jobs."""
        self._announcer.announce()

    def close(self) -> None:
        """Let every engine send its last rings."""
        self._announcer.close()
        for engine in self._engines.values():
            engine.close()

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """Serve each queue with its engine, all at once. When one of them fails, all end, and this raises its error."""
        slots = {each.queue: each for each in queues}
        lines = [
            (self._serving(kind), [slots[name] for name in names])
            for kind, names in self._routes.by_engine(list(slots)).items()
        ]
        self._served = [engine for engine, _ in lines]
        if self._stopped:
            self.stop()
        faults: list[BaseException] = []

        def serve_one(engine: ServingEngine, line: Sequence[QueueSlots]) -> None:
            try:
                engine.serve(line, run_next)
            except BaseException as error:
                faults.append(error)
                self.stop()

        threads = [threading.Thread(target=serve_one, args=line) for line in lines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]

    def stop(self) -> None:
        """Stop all that serve."""
        self._stopped = True
        for engine in self._served:
            engine.stop()

    def deaf(self) -> str | None:
        """The first reason of those that serve."""
        return next((reason for engine in self._served if (reason := engine.deaf())), None)

    def _serving(self, kind: str) -> ServingEngine:
        engine = self._engine(kind)
        if not isinstance(engine, ServingEngine):
            raise TypeError(f"the queues of {kind} are served by processes of its own")
        return engine

    def _engine(self, kind: str) -> Engine:
        with self._making:
            if kind not in self._engines:
                self._engines[kind] = self._make(kind)
            return self._engines[kind]
