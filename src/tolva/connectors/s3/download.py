"""A stored file, fetched out of its bucket."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blake3 import blake3

from tolva.connectors.blobs import Blob
from tolva.connectors.disk import explained
from tolva.connectors.s3.bucket import PART, Bucket

AT_ONCE = 4
"""Parts that are fetched at the same time: one connection does not fill the line."""


def download(bucket: Bucket, place: str, blob: Blob, target: Path) -> bool:
    """Fetch a file to `target`, part by part. Whether it is the one that was stored.

    Raises NotFound where there is none, StorageUnavailable.
    """
    with explained(), target.open("wb") as file, ThreadPoolExecutor(AT_ONCE) as pool:

        def fetch(start: int) -> None:
            os.pwrite(file.fileno(), bucket.read(place, start, min(start + PART, blob.size)), start)

        for _ in pool.map(fetch, range(0, blob.size, PART)):
            pass
    return blake3().update_mmap(target).hexdigest() == blob.blake3
