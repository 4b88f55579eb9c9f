"""What a bucket says of its files, as Amazon sends it: by itself, or in the envelope of SNS."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from tolva.jobs.payload import clean

CREATED = "ObjectCreated:"
TEST = "s3:TestEvent"
"""What is sent once, when somebody connects a bucket."""
ENVELOPE = "Notification"
LONGEST_KEY = 1024
"""Characters of a key, the most that S3 allows."""


@dataclass(frozen=True)
class Created:
    """A file that was put into a bucket. `size` in bytes; `mark` tells it from all others of its name."""

    bucket: str
    key: str
    size: int
    etag: str
    mark: str


def records_in(body: str) -> list[Any]:
    """What a message tells of, one by one, whatever that is. Raises ValueError for what no bucket sends.

    >>> records_in('{"Service": "Amazon S3", "Event": "s3:TestEvent"}')
    []
    >>> records_in("hello")
    Traceback (most recent call last):
    ValueError: no message of a bucket
    """
    try:
        message: Any = json.loads(body)
        if message.get("Type") == ENVELOPE:
            message = json.loads(message["Message"])
        return [] if message.get("Event") == TEST else [*message["Records"]]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise ValueError("no message of a bucket") from None


def created_by(record: Any) -> Created | None:
    """The file that a record tells of; None for something else that happened in a bucket.

    Raises ValueError, which says what is wrong, for what no bucket sends.

    >>> created_by({"eventTime": "2026-03-01"})
    Traceback (most recent call last):
    ValueError: it has no 'eventName'
    """
    try:
        return _created(record["s3"]) if record["eventName"].startswith(CREATED) else None
    except KeyError as error:
        raise ValueError(f"it has no {error}") from None
    except (TypeError, AttributeError):
        raise ValueError("it is made otherwise") from None


def _created(told: Mapping[str, Any]) -> Created:
    """The file of a record; its key is written as in the query of an address.

    >>> _created({"bucket": {"name": "b"}, "object": {"key": "a+%C3%B1%2B.csv", "size": 3, "eTag": "e"}}).key
    'a ñ+.csv'
    """
    found, bucket = told["object"], str(told["bucket"]["name"])
    key, etag, size = unquote_plus(found["key"], errors="strict"), str(found["eTag"]), int(found["size"])
    marks = found.get("versionId"), etag, found.get("sequencer")
    mark = " ".join(str(each) for each in marks if each)
    if clean(key, LONGEST_KEY) != key or clean(bucket + mark) != bucket + mark:
        raise ValueError(f"no file is called {key!r}")
    if not bucket or size < 0:
        raise ValueError("it has no bucket or no size")
    return Created(bucket, key, size, etag, mark)
