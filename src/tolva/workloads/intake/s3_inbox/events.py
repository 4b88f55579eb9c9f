"""What a bucket says of its files, as Amazon sends it: by itself, or in the envelope of SNS."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from tolva.jobs.payload import clean

CREATED = "ObjectCreated:"
TEST = "s3:TestEvent"
"""What is sent once, when somebody connects a bucket."""
ENVELOPE = "Notification"
MOST_KEY = 1024
"""Bytes of a key, the most that S3 allows."""
MOST_MARK = 1100
"""Bytes of a mark: S3 allows a version 1,024. An entry of an index, 2,700 bytes, has to hold it with key and bucket."""
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
ETAG = re.compile(r"[!#-~]+")
"""What a header may say between quotes."""


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
    except (TypeError, AttributeError, OverflowError):
        raise ValueError("it is made otherwise") from None


def _created(told: Mapping[str, Any]) -> Created:
    """The file of a record; its key is written as in the query of an address.

    >>> _created({"bucket": {"name": "b"}, "object": {"key": "a+%C3%B1%2B.csv", "size": 3, "eTag": "e"}}).key
    'a ñ+.csv'
    """
    found, bucket = told["object"], told["bucket"]["name"]
    key, etag, size = unquote_plus(found["key"], errors="strict"), found["eTag"], int(found["size"])
    marks = found.get("versionId"), etag, found.get("sequencer")
    mark = " ".join(each for each in marks if each)
    if clean(key + mark, len(key + mark)) != key + mark:
        raise ValueError(f"no file is called {key!r}")
    if len(key.encode()) > MOST_KEY or len(mark.encode()) > MOST_MARK:
        raise ValueError("its key or its marks are too long")
    if not BUCKET.fullmatch(bucket) or not ETAG.fullmatch(etag) or size < 0:
        raise ValueError("it has no bucket, no eTag or no size")
    return Created(bucket, key, size, etag, mark)
