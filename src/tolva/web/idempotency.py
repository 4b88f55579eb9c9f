"""A request that is sent again does its work once, and is answered as the first time.

For whatever is no job: a job's unique key does the same. The key is taken in the transaction that does the work, so
what failed leaves it free, and of two that come at once the second waits for the first.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header

from tolva.db.pool import Connection
from tolva.errors import KeyReused
from tolva.jobs.payload import as_json
from tolva.web.access.caller import Caller
from tolva.web.sql import SQL

KEPT = 86_400.0
"""Seconds for which a key stands for its first request."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A text of your choice, new for each thing to be made: sent again, nothing is made twice.",
    ),
]


@dataclass(frozen=True)
class IdempotentRequest:
    """What a request wants: `what` is a verb and its object, `given` all that decides what is done. JSON."""

    by: Caller
    key: str | None
    what: str
    given: Mapping[str, Any]

    @property
    def digest(self) -> bytes:
        """Equal for equal requests alone."""
        return hashlib.sha256(json.dumps([self.what, self.given], sort_keys=True).encode()).digest()


def once(
    conn: Connection, asked: IdempotentRequest, do: Callable[[], Mapping[str, Any]], secret: Sequence[str] = ()
) -> Mapping[str, Any]:
    """What `do` answers, a JSON object; or what it answered when the request came with its key for the first time.

    What is under the names in `secret` is not kept: a repeated answer has null there. `conn` is the transaction of the
    work. Raises KeyReused when the key was used for something else, and what `do` raises.
    """
    if asked.key is None:
        return do()
    if not _took(conn, asked):
        return _answered(conn, asked)
    answer = do()
    kept = {name: None if name in secret else value for name, value in answer.items()}
    conn.execute(SQL["keep_answer"], {"key": asked.key, "answer": as_json(kept)})
    return answer


def _took(conn: Connection, asked: IdempotentRequest) -> bool:
    given = {"tenant_id": asked.by.tenant_id, "key": asked.key, "asked": asked.digest, "kept": KEPT}
    conn.execute(SQL["forget_request"], given)
    return conn.execute(SQL["take_request"], given).fetchone() is not None


def _answered(conn: Connection, asked: IdempotentRequest) -> Mapping[str, Any]:
    row = conn.execute(SQL["taken_request"], {"key": asked.key}).fetchone()
    if row is None or row["asked"] != asked.digest:
        raise KeyReused
    return row["answer"]
