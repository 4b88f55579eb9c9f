"""Stored files in a bucket. What is received or read for work lies in a folder of this machine meanwhile."""

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from tolva.connectors.blobs import LINK_SECONDS, Blob, place_of
from tolva.connectors.received import Incoming, Received
from tolva.connectors.s3.bucket import PART, Bucket
from tolva.connectors.s3.download import download
from tolva.connectors.s3.faults import said
from tolva.connectors.s3.leftovers import abort_leftovers
from tolva.connectors.s3.sender import Sender
from tolva.errors import NotFound, StorageUnavailable

log = logging.getLogger(__name__)


class BucketBlobs:
    """The stored files of one bucket; `folder` is where this machine keeps what is on its way."""

    def __init__(self, bucket: Bucket, folder: Path) -> None:
        self._bucket = bucket
        self._incoming = Incoming(folder)
        self._made = False

    def prepare(self) -> None:
        """Make the bucket when it is absent. While it does not answer, whoever receives a file tries again."""
        self._incoming.make()
        try:
            self._make_bucket()
        except StorageUnavailable as error:
            log.warning("%s Uploads are refused meanwhile.", error)

    def answers(self) -> None:
        """Raises StorageUnavailable unless the bucket is there and may be used."""
        if not self._bucket.is_there():
            raise StorageUnavailable(said(self._bucket.where, "NoSuchBucket"))

    @contextmanager
    def receive(self, most: int) -> Generator["BucketWriter"]:
        """A writer for at most `most` bytes."""
        self._make_bucket()
        self._incoming.make()
        with self._incoming.receive(most) as received:
            sender = Sender(self._bucket, place_of(received.key), received.path)
            try:
                yield BucketWriter(received, sender, self)
            finally:
                sender.give_up()

    @contextmanager
    def scratch(self) -> Generator[Path]:
        """An empty folder for intermediate files."""
        self._incoming.make()
        with self._incoming.scratch() as folder:
            yield folder

    def local(self, blob: Blob, scratch: Path) -> Path:
        """The file, fetched into `scratch` unless it is there. Raises NotFound, also for one that was changed."""
        target = scratch / blob.key
        if not target.exists():
            self._fetch(blob, target)
        return target

    def read(self, blob: Blob, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, in pieces. Raises NotFound before the first."""
        place = place_of(blob.key)
        first = self._bucket.read(place, start, min(start + PART, end)) if start < end else b""
        return self._pieces(place, first, start, end)

    def link(self, blob: Blob, disposition: str) -> str:
        """An address in the bucket, for whoever reaches it."""
        query = {"response-content-disposition": disposition, "response-content-type": "application/octet-stream"}
        return self._bucket.signed("GET", place_of(blob.key), query, LINK_SECONDS)

    def delete(self, key: str) -> None:
        """Remove a stored file; one that is gone already is fine."""
        self._bucket.delete(place_of(key))

    def sweep(self) -> None:
        """Remove what crashes left half received or half read, here and in the bucket."""
        self._incoming.sweep()
        abort_leftovers(self._bucket)

    def _make_bucket(self) -> None:
        if not self._made:
            self._bucket.make()
            self._made = True

    def _fetch(self, blob: Blob, target: Path) -> None:
        part = target.with_suffix(".part")
        if not download(self._bucket, place_of(blob.key), blob, part):
            raise NotFound(f"The stored file {blob.key} is not what was received: somebody changed the bucket.")
        part.rename(target)

    def _pieces(self, place: str, piece: bytes, start: int, end: int) -> Iterator[bytes]:
        while piece:
            yield piece
            start += len(piece)
            piece = self._bucket.read(place, start, min(start + PART, end)) if start < end else b""


class BucketWriter:
    """A file that is being received. Its parts are sent while it arrives; nothing of it is seen before `keep`."""

    def __init__(self, received: Received, sender: Sender, store: BucketBlobs) -> None:
        self._received = received
        self._sender = sender
        self._store = store
        self._told = 0

    def write(self, data: bytes) -> None:
        """Append. Raises TooLarge over the limit, StorageUnavailable when disk or bucket does not take it."""
        self._received.write(data)
        if self._received.size - self._told >= PART:
            self._told = self._size_on_disk()
            self._sender.grown(self._told)

    @property
    def key(self) -> str:
        """What it is to be called in the store."""
        return self._received.key

    @property
    def path(self) -> Path:
        """Where the bytes lie for now, for a look at what was received."""
        return self._received.path

    @property
    def blake3(self) -> str:
        """Of what was received so far, in hex."""
        return self._received.blake3

    def keep(self) -> Blob:
        """Make it a stored file. Raises StorageUnavailable; then nothing of it stays."""
        self._sender.end(self._size_on_disk())
        return Blob(self._received.key, self._received.size, self.blake3)

    def discard(self, blob: Blob) -> None:
        """Take back a `keep` that nobody came to know of."""
        self._store.delete(blob.key)

    def _size_on_disk(self) -> int:
        self._received.flush()
        return self._received.size
