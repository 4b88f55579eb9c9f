"""Workers of several engines: ours for those that ring in our processes, Celery's own for Celery."""

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
    celery = [Part("Celery worker", become_celery, settings, shares.celery)] if shares.celery else []
    return [*own, *celery]


def serve_worker(settings: Settings, slots: Sequence[QueueSlots] = ()) -> None:
    """Run the jobs of these queues, or of all, each with its engine, until SIGTERM or SIGINT."""
    shares = app.shares(settings, slots)
    if shares.own and shares.celery:
        _serve_both(settings, shares)
    elif shares.own:
        run_own(settings, shares.own)
    elif shares.celery:
        become_celery(settings, shares.celery)
    else:
        raise SettingsError(
            "With the engine inline, the API runs the jobs; set TOLVA_ENGINE to postgres for workers of their own."
        )


def _serve_both(settings: Settings, shares: app.Shares) -> None:
    set_up_logs(settings.log_level, settings.log_format)
    stop, parts = stop_on_signals(), worker_parts(settings, shares)
    try:
        keep_parts(parts, stop)
    finally:
        end_parts(parts, 2 * settings.grace_seconds)


def become_celery(settings: Settings, queues: Sequence[QueueSlots]) -> None:
    """Turn this process into a worker of Celery for these queues. Does not return."""
    # On SIGTERM running jobs have the grace time; without this, Celery waits for them for ever.
    more = {"REMAP_SIGTERM": "SIGQUIT"}
    first_urgent = sorted((each.queue for each in queues), key=lambda name: name != URGENT)
    words = ["worker", "-Q", ",".join(first_urgent), "-l", settings.celery_log_level]
    become_celery_command(settings, words, more)
