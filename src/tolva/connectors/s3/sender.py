"""A file that is sent to a bucket while it still grows, so that little is left to do when its last byte has come."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

from tolva.connectors.s3.bucket import PART, Bucket


class Sender:
    """Sends whole parts of a file of this machine, in a thread of its own. In the bucket there is nothing before `end`.

    Memory holds the parts that are under way and the next, whatever the file's size, and none while it grows slowly.
    """

    def __init__(self, bucket: Bucket, place: str, path: Path) -> None:
        self._bucket, self._place, self._path = bucket, place, path
        self._news = threading.Condition()
        self._size = 0
        self._ended = self._given_up = False
        self._outcome = Future[None]()
        self._thread: threading.Thread | None = None

    def grown(self, size: int) -> None:
        """So many bytes can be read by now. Raises StorageUnavailable once the bucket has not taken some."""
        self._tell(size)
        if self._thread is None and size >= PART:
            self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
            self._thread.start()
        if self._outcome.done():
            self._outcome.result()

    def end(self, size: int) -> None:
        """Send what is left; the file is stored when this returns. Raises StorageUnavailable."""
        self._tell(size, ended=True)
        if self._thread is None:
            self._bucket.put(self._place, self._path)
        else:
            self._outcome.result()

    def give_up(self) -> None:
        """Leave nothing in the bucket, unless it is stored already."""
        with self._news:
            self._given_up = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()

    def _tell(self, size: int, *, ended: bool = False) -> None:
        with self._news:
            self._size, self._ended = size, ended
            self._news.notify()

    def _run(self) -> None:
        try:
            self._bucket.put(self._place, self._parts())
        except BaseException as error:
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(None)

    def _parts(self) -> Iterator[bytes]:
        sent = 0
        with self._path.open("rb") as file:
            while size := self._next(sent):
                sent += size
                yield file.read(size)

    def _next(self, sent: int) -> int:
        """Bytes of the next part, as soon as it is whole; 0 at the end."""
        with self._news:
            self._news.wait_for(lambda: self._given_up or self._ended or self._size - sent >= PART)
            if self._given_up:
                raise GivenUpError
            return min(self._size - sent, PART)


class GivenUpError(Exception):
    """What makes obstore take the parts back."""
