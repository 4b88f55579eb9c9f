"""What kinds of job there are: for each its queue and the function that does the work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tolva.core.job import Json, Queue
from tolva.errors import InvalidInput
from tolva.jobs.context import Context

Run = Callable[[Context], Json | None]
"""Does the work of one attempt and returns the result, a JSON object."""


@dataclass(frozen=True)
class Handler:
    """A kind of job. `on_schedule`: it may run by the clock, needing nothing that only an upload or event has.

    `asked_for`: people ask for it. What only tells others of jobs is left out where their own jobs are shown.
    """

    kind: str
    queue: Queue
    run: Run
    on_schedule: bool = False
    asked_for: bool = True


@dataclass(frozen=True)
class Catalogue:
    """All kinds of job, and with them all queues."""

    handlers: Mapping[str, Handler]

    def handler(self, kind: str) -> Handler:
        """The handler of a kind. Raises InvalidInput when there is none."""
        try:
            return self.handlers[kind]
        except KeyError:
            known = ", ".join(sorted(self.handlers))
            raise InvalidInput(f"There is no job of the kind '{kind}'. Known kinds: {known}.") from None

    def queue_of(self, kind: str) -> Queue:
        """The queue of a kind. Raises InvalidInput when there is no such kind."""
        return self.handler(kind).queue

    @property
    def on_schedule(self) -> list[str]:
        """The kinds that may run by the clock, by name."""
        return sorted(handler.kind for handler in self.handlers.values() if handler.on_schedule)

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The kinds of what people asked for, by name."""
        return tuple(sorted(handler.kind for handler in self.handlers.values() if handler.asked_for))

    @property
    def unasked_queues(self) -> list[str]:
        """The queues that hold none of these kinds."""
        return sorted(self.queues.keys() - {self.queue_of(kind).name for kind in self.asked_for})

    def scheduled(self, kind: str) -> Handler:
        """The handler of a kind that may run by the clock. Raises InvalidInput when there is none."""
        handler = self.handler(kind)
        if not handler.on_schedule:
            may = ", ".join(self.on_schedule)
            those = f"Those that do: {may}." if may else "None of this installation's kinds does."
            raise InvalidInput(f"Jobs of the kind '{kind}' do not run by the clock. {those}")
        return handler

    @property
    def queues(self) -> dict[str, Queue]:
        """The queues by name."""
        return {handler.queue.name: handler.queue for handler in self.handlers.values()}


def make_catalogue(handlers: Sequence[Handler]) -> Catalogue:
    """A catalogue of these handlers. Raises ValueError for a kind given twice, or two queues of one name."""
    by_kind = {handler.kind: handler for handler in handlers}
    queues = {handler.queue for handler in handlers}
    if len(by_kind) != len(handlers) or len({queue.name for queue in queues}) != len(queues):
        raise ValueError("each kind needs a name of its own, and so does each queue")
    return Catalogue(by_kind)
