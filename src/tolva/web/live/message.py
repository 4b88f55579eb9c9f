"""What a stream says, in the words of both its wire formats; encoded once for all who hear it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any

from psycopg.rows import DictRow

_dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))

MOST_AT_ONCE = 64 * 1024
"""Bytes handed to a connection at once, or one message: what waits in this process for a client that is slow."""


@dataclass(frozen=True, slots=True)
class Message:
    """`seq` is where a reader stands who has it; `sse` an event of an event stream, `text` a WebSocket message."""

    seq: int
    sse: bytes
    text: str


def event_message(row: DictRow) -> Message:
    """An event of a job: seq, at, type, data."""
    at = row["at"].astimezone(UTC).isoformat()
    told = {"seq": row["seq"], "at": at, "type": row["type"], "data": row["data"]}
    return _message(row["type"], told, row["seq"])


def job_message(view: Mapping[str, Any], *, resumed: bool) -> Message:
    """The present state. For one who resumes it has no number: the events up to it are still to come."""
    return _message("job", view, view["seq"], numbered=not resumed)


def end_message(view: Mapping[str, Any]) -> Message:
    """The last message of a job that has ended."""
    return _message("end", view, view["seq"])


def portion(messages: Iterable[Message]) -> list[Message]:
    """The first of them, as many as are sent at once."""
    chosen: list[Message] = []
    size = 0
    for message in messages:
        size += len(message.sse)
        if chosen and size > MOST_AT_ONCE:
            break
        chosen.append(message)
    return chosen


def _message(event: str, data: Mapping[str, Any], seq: int, *, numbered: bool = True) -> Message:
    """Either form.

    >>> _message("started", {"seq": 1}, 1).sse.decode().splitlines()
    ['id: 1', 'event: started', 'data: {"seq":1}', '']
    >>> _message("started", {"seq": 1}, 1).text
    '{"event":"started","seq":1,"data":{"seq":1}}'
    >>> _message("job", {"seq": 7}, 7, numbered=False).text
    '{"event":"job","data":{"seq":7}}'
    """
    body = _dumps(data)
    id_line, number = (f"id: {seq}\n", f'"seq":{seq},') if numbered else ("", "")
    sse = f"{id_line}event: {event}\ndata: {body}\n\n".encode()
    return Message(seq, sse, f'{{"event":"{event}",{number}"data":{body}}}')
