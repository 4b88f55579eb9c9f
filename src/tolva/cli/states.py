"""States of jobs for people: a file that leaves a question open is no failure to whoever has only to answer."""

from psycopg.rows import DictRow

from tolva.core.job import Json, State
from tolva.errors import Unanswered


def asks(job: DictRow) -> bool:
    """Whether a job left a question open."""
    error: Json = job["error"] or {}
    return bool(job["state"] == State.FAILED and error.get("type") == Unanswered.__name__)


def state_told(job: DictRow) -> str:
    """Its state in a word or some.

    >>> state_told({"state": "failed", "error": {"type": "Unanswered"}}), state_told({"state": "queued", "error": None})
    ('waits for an answer', 'queued')
    """
    if asks(job):
        return "answered" if job["error"].get("answered_by") else "waits for an answer"
    return str(job["state"])
