"""Why a job waits, in words."""

from collections.abc import Mapping
from datetime import datetime

from tolva.cli.console import when
from tolva.jobs.waiting import Reason, Wait

SENTENCES: Mapping[Wait, str] = {
    Wait.CHILDREN: "its children, {open} of which have not ended",
    Wait.SCHEDULED: "its time, {at}",
    Wait.RETRY: "the next try at {at}; of {max_attempts} tries {failures} failed, the last one so: {message}",
    Wait.PAUSED: "the queue '{queue}', paused since {since}. Go on: tolva queue resume {queue}",
    Wait.NO_WORKER: "a worker: none of the queue '{queue}' is running. Start one: tolva up",
    Wait.RATE_LIMIT: "the rate limit of the queue '{queue}', which lets it go on at {at}",
    Wait.TURN: "its turn in the queue '{queue}': {ahead} of your jobs go before it, by priority or age",
}


def waits_for(reason: Reason) -> str:
    """What the job waits for.

    >>> waits_for(Reason(Wait.NO_WORKER, {"queue": "sync"}))
    "a worker: none of the queue 'sync' is running. Start one: tolva up"
    """
    return SENTENCES[reason.code].format_map({name: _told(value) for name, value in reason.facts.items()})


def _told(value: object) -> str:
    return when(value) if isinstance(value, datetime) else str(value)
