"""What Flower is told of tasks: a moment later, and of several at once. By itself, a worker tells before it works."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false

import time
from typing import Any

from celery.worker import consumer

PAUSE = 0.1
"""Seconds from a task to the news of it."""


class Consumer(consumer.Consumer):
    """What a worker of Celery takes its tasks with."""

    hub: Any
    _tell_at = 0.0

    def on_send_event_buffered(self) -> None:
        """There is news of a task."""
        now = time.monotonic()
        if self.hub and not now < self._tell_at <= now + PAUSE:
            self._tell_at = now + PAUSE
            self.hub.call_later(PAUSE, self._flush_events)
