"""Workers of several engines: ours for those that ring in our processes, Celery's own for Celery."""

import os
from collections.abc import Sequence

from tolva import app
from tolva.core.ports import QueueSlots
from tolva.errors import SettingsError
from tolva.logs import set_up_logs
from tolva.serve.celery_command import become_celery_command
from tolva.serve.part import Part, end_parts, keep_parts
from tolva.serve.stop import stop_on_signals
from tolva.serve.worker import run_own
from tolva.settings import Settings

URGENT = "urgent"
"""The queue that a worker with processes for all queues looks into first."""


def worker_parts(settings: Settings, shares: app.Shares) -> list[Part]:
    """What is to run beside each other for these queues."""
    own = [Part("worker", run_own, settings, shares.own)] if shares.own else []
    return [*own, *(Part("Celery worker", become_celery, settings, crew) for crew in celery_crews(shares.celery))]


def serve_worker(settings: Settings, slots: Sequence[QueueSlots] = ()) -> None:
    """Run the jobs of these queues, or of all, each with its engine, until SIGTERM or SIGINT."""
    shares = app.shares(settings, slots)
    crews = celery_crews(shares.celery)
    if len(crews) + bool(shares.own) > 1:
        _serve_several(settings, shares)
    elif shares.own:
        run_own(settings, shares.own)
    elif crews:
        become_celery(settings, crews[0])
    else:
        raise SettingsError(
            "With the engine inline, the API runs the jobs; set TOLVA_ENGINE to postgres for workers of their own."
        )


def _serve_several(settings: Settings, shares: app.Shares) -> None:
    set_up_logs(settings.log_level, settings.log_format)
    stop, parts = stop_on_signals(), worker_parts(settings, shares)
    try:
        keep_parts(parts, stop)
    finally:
        end_parts(parts, 2 * settings.grace_seconds)


def celery_crews(queues: Sequence[QueueSlots]) -> list[list[QueueSlots]]:
    """Which queues share the processes of one Celery worker: it has so many for all that it serves.

    >>> a, b, c = QueueSlots("a", 1), QueueSlots("b", 1), QueueSlots("c", 2, asked=True)
    >>> [[each.queue for each in crew] for crew in celery_crews([a, b, c])]
    [['c'], ['a', 'b']]
    """
    rest = [each for each in queues if not each.asked]
    return [*([each] for each in queues if each.asked), *([rest] if rest else [])]


def become_celery(settings: Settings, queues: Sequence[QueueSlots]) -> None:
    """Turn this process into a worker of Celery for one of `celery_crews`. Does not return."""
    # On SIGTERM running jobs have the grace time; without this, Celery waits for them for ever.
    more = {"REMAP_SIGTERM": "SIGQUIT"}
    first_urgent = sorted((each.queue for each in queues), key=lambda name: name != URGENT)
    words = ["worker", "-Q", ",".join(first_urgent), "-l", settings.celery_log_level]
    become_celery_command(settings, [*words, *_own(queues[0])], more)


def _own(queue: QueueSlots) -> list[str]:
    """A name that no other Celery worker of this machine has, be it the firm's own; and the processes asked for."""
    processes = ["-c", str(queue.slots)] if queue.asked else []
    return [*processes, "-n", f"tolva-{queue.queue if queue.asked else 'all'}-{os.getpid()}@%h"]
