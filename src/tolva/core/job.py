"""What a job is: its states, the legal moves between them, and how one attempt can end.

    enqueue                claim                 complete
──────────────▶ queued ──────────────▶ running ────────────▶ completed
                 │ ▲ ▲  retry, release,  │ │ │   fail
                 │ │ └───────lost────────┘ │ └─────────────▶ failed ────┐
                 │ │                       │     cancel                 │
                 │ │ last child ends  wait │ ┌─────────────▶ cancelled ─┤
                 │ └──────── waiting ◀─────┘ │      ▲                   │
                 │              └────────────┘      │                   │
                 └──────────────────────────────────┘    replay         │
                   ▲────────────────────────────────────────────────────┘
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from tolva.errors import InvalidInput

JobId = NewType("JobId", str)
"""UUIDv7 in its text form: sorts by time of creation."""


def job_id(text: str) -> JobId:
    """The job id in a text that somebody typed. Raises InvalidInput.

    >>> job_id("01A20181-4971-727B-A087-D5BC29D55F10")
    '01a20181-4971-727b-a087-d5bc29d55f10'
    """
    try:
        return JobId(str(UUID(text)))
    except ValueError:
        raise InvalidInput(f"'{text}' is not a job id. `tolva jobs ls` lists them.") from None


def made_at(id: JobId) -> datetime:
    """When a job was made, which its id says to the millisecond.

    >>> made_at(JobId("01a20181-4971-727b-a087-d5bc29d55f10")).isoformat()
    '2026-11-22T04:26:19.889000+00:00'
    """
    return datetime.fromtimestamp((UUID(id).int >> 80) / 1000, UTC)


Json = Mapping[str, Any]
"""A JSON object."""


class State(StrEnum):
    """Where a job stands. `queued` with a `run_at` ahead is what others call scheduled or retrying."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})

LEGAL_MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
    State.RUNNING: frozenset(State) - {State.RUNNING},
    State.WAITING: frozenset({State.QUEUED, State.CANCELLED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
}


class Verb(StrEnum):
    """How one attempt ends. The database's `finish` knows the same words."""

    COMPLETE = "complete"
    RETRY = "retry"  # failed, may succeed later
    FAIL = "fail"  # failed for good
    CANCEL = "cancel"
    WAIT = "wait"  # for its children
    RELEASE = "release"  # given back unharmed, by a worker that goes down
    LOST = "lost"  # its worker died or fell silent


class Priority:
    """Names for priorities 0 to 9; the lower number is served first."""

    URGENT = 1
    HIGH = 3
    NORMAL = 5
    LOW = 7


@dataclass(frozen=True)
class Queue:
    """A line of jobs of like size. `slots` is how many one worker process runs at once; limits in seconds."""

    name: str
    slots: int = 4
    soft_limit: float = 300
    hard_limit: float = 600
    max_attempts: int = 3


@dataclass(frozen=True)
class NewJob:
    """A job to be made. `unique_key` is per tenant; `unique_forever` keeps it taken after the job has ended.

    `label` is what people know it by, say the name of its file; lists show it, and it is searched for by its words.
    """

    kind: str
    params: Json = field(default_factory=dict[str, Any])
    priority: int = Priority.NORMAL
    run_at: datetime | None = None
    unique_key: str | None = None
    unique_forever: bool = False
    label: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.priority <= 9:
            raise InvalidInput(f"A priority is a number from 0 (first) to 9, not {self.priority}.")
        if self.run_at is not None and self.run_at.tzinfo is None:
            raise InvalidInput("A time to run at needs a time zone.")


@dataclass(frozen=True)
class Claimed:
    """A job in the hands of one attempt. `attempt` is its fence: every write must name it.

    The fields are those of the query `claim`, in its order.
    """

    id: JobId
    tenant_id: str
    queue: str
    kind: str
    params: Json
    checkpoint: Json | None
    attempt: int
    failures: int
    max_attempts: int
    soft_limit: float
    progress: Json
    open_children: int
    waited: float = 0.0
    """Seconds from ready until claimed."""
    trace: str | None = None
    """The span that made it, as a W3C traceparent."""


@dataclass(frozen=True)
class Outcome:
    """The end of one attempt. `payload` is the result, or the error, as JSON text; `delay` in seconds for a retry."""

    verb: Verb
    payload: str | None = None
    delay: float = 0.0
