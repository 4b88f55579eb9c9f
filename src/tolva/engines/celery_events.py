"""What Flower is told of tasks: a moment later, and of several at once. By itself, a worker tells before it works."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false

import logging
import time
from typing import Any

from celery.worker import consumer

log = logging.getLogger(__name__)

PAUSE = 0.1
"""Seconds from a task to the news of it."""


class Consumer(consumer.Consumer):
    """What a worker of Celery takes its tasks with."""

    hub: Any
    _tell_at = 0.0

    def on_send_event_buffered(self) -> None:
        """There is news of a task."""
        now = time.monotonic()
        if self.hub and now >= self._tell_at:
            self._tell_at = now + PAUSE
            self.hub.call_later(PAUSE, self._flush_events)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Keep what could not be told, for the next connection."""
        self._tell()
        super().on_connection_error_after_connected(exc)

    def stop(self) -> None:
        """Tell what is known so far, as long as all connections are open."""
        self._tell()
        super().stop()

    def shutdown(self) -> None:
        """Tell how the last tasks ended."""
        self._tell()
        super().shutdown()

    def _tell(self) -> None:
        try:
            self._flush_events()
        except Exception as error:
            log.warning("Flower is not told of the last tasks: %s", error)
