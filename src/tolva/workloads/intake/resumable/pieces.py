"""What one request brings of an upload: set down piece by piece, so that little is lost when it breaks off."""

from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType

from tolva.connectors.blobs import Blobs, BlobWriter
from tolva.core.job import JobId
from tolva.errors import Conflict, InvalidInput, KeyReused
from tolva.jobs.work import Jobs
from tolva.tables.reading.sniff import EXTENSIONS, HEAD, FileKind, sniff
from tolva.web.access.caller import Caller
from tolva.workloads.intake.accept import accept
from tolva.workloads.intake.kept import kept
from tolva.workloads.intake.resumable.upload import Resumable, add_piece, drop, finish, pieces_of

COPIED = 1024**2
"""Bytes that are copied at once."""
PIECE = 16 * 1024**2
"""Bytes after which what came is set down, for any process to go on from."""
ELSEWHERE = "Another request brought the same bytes, or the upload is gone. Ask with HEAD where it is."


class Pieces:
    """The pieces of one request. Its last bytes are kept with the whole file, or, when more is to come, as a piece."""

    def __init__(self, jobs: Jobs, blobs: Blobs, by: Caller, upload: Resumable) -> None:
        self._jobs, self._blobs, self._by, self._upload = jobs, blobs, by, upload
        self._held = ExitStack()
        self._writer: BlobWriter | None = None
        self._start = upload.offset
        self._size = 0

    def __enter__(self) -> "Pieces":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._held.close()

    @property
    def offset(self) -> int:
        """Bytes of the file that have come."""
        return self._start + self._size

    def write(self, stretch: Iterable[bytes]) -> None:
        """The next bytes. Raises Conflict when another request was quicker, StorageUnavailable."""
        for data in stretch:
            if self._size >= PIECE:
                self.set_down()
            self._writer = self._writer or self._held.enter_context(self._blobs.receive(self._upload.length))
            self._writer.write(data)
            self._size += len(data)

    def set_down(self) -> None:
        """Make a piece of what is not one yet. Raises Conflict, StorageUnavailable; at the first, UnsupportedFile."""
        if self._writer is None:
            return
        if self._start == 0 and self._size >= HEAD:
            with self._or_dropped():
                self._kind_of(self._writer)
        self._note(self._writer)
        self._held.close()
        self._start, self._size, self._writer = self.offset, 0, None

    def accept(self) -> JobId:
        """Put all pieces together and make the job. Raises what `accept` raises."""
        with self._or_dropped(), ExitStack() as held:
            whole = self._whole(held)
            job = accept(self._jobs, self._by, self._upload.arrival, self._kind_of(whole), whole)
        finish(self._jobs.db, self._blobs, self._by.tenant_id, self._upload.id, job)
        return job

    def _note(self, writer: BlobWriter) -> None:
        """Keep a piece. Raises Conflict."""
        begin = partial(self._jobs.db.transaction, self._by.tenant_id)
        with kept(begin, self._by.tenant_id, writer) as keeping, begin() as conn:
            if not add_piece(conn, self._upload.id, self._start, keeping.blob):
                raise Conflict(ELSEWHERE)
            keeping.claim(conn)

    @contextmanager
    def _or_dropped(self) -> Generator[None]:
        """What is no file to load will be none when more of it has come."""
        try:
            yield
        except (InvalidInput, KeyReused):
            drop(self._jobs.db, self._blobs, self._by.tenant_id, self._upload.id)
            raise

    def _whole(self, held: ExitStack) -> BlobWriter:
        """All that has come, as one file; what came in this request alone is one already."""
        with self._jobs.db.transaction(self._by.tenant_id) as conn:
            earlier = pieces_of(conn, self._upload.id)
        if sum(piece.size for piece in earlier) != self._start:
            raise Conflict(ELSEWHERE)
        if self._writer is not None and not earlier:
            return self._writer
        whole = held.enter_context(self._blobs.receive(self._upload.length))
        for piece in earlier:
            for data in self._blobs.read(piece, 0, piece.size):
                whole.write(data)
        if self._writer is not None:
            with self._writer.path.open("rb") as rest:
                while data := rest.read(COPIED):
                    whole.write(data)
        return whole

    def _kind_of(self, file: BlobWriter) -> FileKind:
        with file.path.open("rb") as beginning:
            return sniff(beginning.read(HEAD), self._upload.arrival.filename, EXTENSIONS)
