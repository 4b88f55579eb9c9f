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


def created_in(body: str) -> list[Created]:
    """The files that a message tells of; none where it tells of something else that happened in a bucket.

    Raises ValueError for what no bucket sends.

    >>> created_in('{"Service": "Amazon S3", "Event": "s3:TestEvent"}')
    []
    >>> created_in("hello")
    Traceback (most recent call last):
    ValueError: no message of a bucket
    """
    try:
        message: Any = json.loads(body)
        if message.get("Type") == ENVELOPE:
            message = json.loads(message["Message"])
        if message.get("Event") == TEST:
            return []
        records = [each for each in message["Records"] if each["eventName"].startswith(CREATED)]
        return [_created(each["s3"]) for each in records]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise ValueError("no message of a bucket") from None


def _created(told: Mapping[str, Any]) -> Created:
    """The file of a record; its key is written as in the query of an address.

    >>> _created({"bucket": {"name": "b"}, "object": {"key": "a+%C3%B1%2B.csv", "size": 3, "eTag": "e"}}).key
    'a ñ+.csv'
    """
    found, bucket = told["object"], str(told["bucket"]["name"])
    key, etag = unquote_plus(found["key"]), str(found["eTag"])
    marks = found.get("versionId"), etag, found.get("sequencer")
    mark = " ".join(str(each) for each in marks if each)
    if clean(key, LONGEST_KEY) != key or clean(bucket + mark) != bucket + mark:
        raise ValueError(key)
    return Created(bucket, key, int(found["size"]), etag, mark)
