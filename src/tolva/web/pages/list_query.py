"""What the address of a list asks for. What cannot be read asks for nothing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from tolva.core.job import State
from tolva.jobs.letters import LetterFilter
from tolva.jobs.listing import JobFilter
from tolva.web.access.audit import NoteFilter

MOST_SEARCHED = 200
"""Characters of a search."""
ASKED_FOR = "asked-for"
"""Instead of a kind: those of what people asked for; see `Handler`."""
OPEN_QUESTION = "open-question"
"""Instead of a state: failed, and nobody has answered the question that the file left open."""
NARROW = ("kind", "queue", "search")
"""Where none of these is in the address, not even empty, it asks for ASKED_FOR."""
ENDED: Mapping[str, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
"""How long ago a job may have ended."""


def job_filter(query: QueryParams, zone: ZoneInfo, asked_for: tuple[str, ...], now: datetime) -> JobFilter:
    """The filter of the list of jobs, whose days are those of `zone`; `asked_for` are the kinds that ASKED_FOR means.

    How long ago a job ended is counted from `now`.

    >>> query = QueryParams("state=failed&state=nope&kind=asked-for&search= marzo ")
    >>> job_filter(query, ZoneInfo("UTC"), ("load",), datetime.now(UTC))
    JobFilter(states=(<State.FAILED: 'failed'>,), queues=(), kinds=('load',), created_from=None, created_before=None, \
search='marzo', parent=None, ended_since=None, open_question=False)
    """
    return JobFilter(
        tuple(State(each) for each in query.getlist("state") if each in list(State)),
        _texts(query, "queue"),
        asked_for if means_asked_for(query) else _texts(query, "kind"),
        _day(query.get("since", ""), zone),
        _day(query.get("until", ""), zone, days=1),
        _search(query),
        ended_since=_ago(query.get("ended", ""), now),
        open_question=OPEN_QUESTION in query.getlist("state"),
    )


def means_asked_for(query: QueryParams) -> bool:
    """Whether it leaves out what only tells others of jobs, whose kinds nobody asked for.

    >>> [means_asked_for(QueryParams(text)) for text in ("state=failed", "state=failed&kind=", "search=01a2")]
    [True, False, False]
    """
    return ASKED_FOR in query.getlist("kind") or not any(name in query for name in NARROW)


def letter_filter(query: QueryParams) -> LetterFilter:
    """The filter of the list of dead letters."""
    return LetterFilter(_texts(query, "queue"), _texts(query, "kind"), _search(query))


def note_filter(query: QueryParams) -> NoteFilter:
    """The filter of the audit log.

    >>> note_filter(QueryParams("actor= ana &action=&target=nightly"))
    NoteFilter(actor='ana', action=None, target='nightly')
    """
    actor, action, target = (_storable(query.get(name, "")).strip() or None for name in ("actor", "action", "target"))
    return NoteFilter(actor, action, target)


def _texts(query: QueryParams, name: str) -> tuple[str, ...]:
    return tuple(filter(None, (_storable(text) for text in query.getlist(name))))


def _search(query: QueryParams) -> str | None:
    return _storable(query.get("search", ""))[:MOST_SEARCHED].strip() or None


def _storable(text: str) -> str:
    """Without the one character that PostgreSQL cannot hold."""
    return text.replace(chr(0), "")


def _ago(name: str, now: datetime) -> datetime | None:
    if name not in ENDED:
        return None
    return now - min(ENDED[name], now - datetime.min.replace(tzinfo=UTC))  # a form may say any time


def _day(text: str, zone: ZoneInfo, days: int = 0) -> datetime | None:
    """When a day of the reader begins, or some days later; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone)
    except (ValueError, OverflowError):
        return None
