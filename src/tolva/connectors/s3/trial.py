"""A bucket, tried out: whether its login may do all that Tolva does there."""

from collections.abc import Callable

import uuid_utils

from tolva.connectors.blobs import place_of
from tolva.connectors.s3.bucket import Bucket
from tolva.connectors.s3.leftovers import list_unfinished
from tolva.errors import NotFound, StorageUnavailable

CONTENT = b"Tolva tries out whether it can use this bucket."


def hindrances(bucket: Bucket) -> list[str]:
    """What cannot be done, each with the reason: a small file is stored, read and deleted, and uploads are listed."""
    place = place_of(str(uuid_utils.uuid7()))
    tried: dict[str, Callable[[], object]] = {
        "write": lambda: bucket.put(place, CONTENT),
        "read": lambda: bucket.read(place, 0, len(CONTENT)),
        "list unfinished uploads": lambda: list_unfinished(bucket),
        "delete": lambda: bucket.delete(place),
    }
    found = ((what, _hindrance(attempt)) for what, attempt in tried.items())
    return [f"cannot {what}: {why}" for what, why in found if why]


def _hindrance(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except (StorageUnavailable, NotFound) as error:
        return str(error)
    return None
