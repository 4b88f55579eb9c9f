"""The beginning of a CSV file, in which its dialect and its header are looked for."""

from dataclasses import dataclass
from pathlib import Path

from tolva.tables.reading.csv_cells import ANY_WIDTH, Splitter
from tolva.tables.reading.dialect import Dialect

HEAD = 256 * 1024
"""Bytes that are looked at."""
HEAD_ROWS = 300
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Head:
    """The first bytes of a file, and the text they read as. In both, lines end with a newline."""

    content: bytes
    """Without the byte order mark."""
    text: str
    mark: int
    """Bytes of that mark."""
    returns: bool
    """Whether lines of the file end with a carriage return alone."""
    final: bool
    """Whether this is all of the file."""

    def offset(self, characters: int) -> int:
        """The byte of the file at which that many characters of the text have been read."""
        return self.mark + (_bytes_of(self.content, self.text[:characters]) if characters else 0)

    def rows(self, dialect: Dialect) -> tuple[list[list[str]], list[int]]:
        """The first records, blank ones too, and where in the text each ends."""
        splitter, at = Splitter(dialect), 0
        rows: list[list[str]] = []
        ends: list[int] = []
        whole = self.text if self.final else self.text[: self.text.rfind("\n") + 1] or self.text
        while at < len(whole) and len(rows) < HEAD_ROWS:
            record = splitter.record(whole, at, ANY_WIDTH, final=True)
            at = record.end + 1
            rows.append(record.cells)
            ends.append(min(at, len(whole)))
        return rows, ends


def read_head(path: Path) -> Head:
    """The beginning of a file in UTF-8."""
    with path.open("rb") as file:
        content = file.read(HEAD)
        final = not file.read(1)
    mark = len(BYTE_ORDER_MARK) if content.startswith(BYTE_ORDER_MARK) else 0
    returns = b"\r" in content and b"\n" not in content
    content = content[mark:].replace(b"\r", b"\n") if returns else content[mark:]
    return Head(content, content.decode("utf-8", "replace"), mark, returns, final)


def _bytes_of(head: bytes, text: str) -> int:
    """Bytes of the beginning that reads as `text`: told by its line ends, since a damaged byte reads as another length.

    >>> _bytes_of(bytes([97, 241, 111, 10, 98, 10]), "a\ufffdo" + chr(10))
    4
    """
    at = -1
    for _ in range(text.count("\n")):
        at = head.index(b"\n", at + 1)
    return at + 1 if text.endswith("\n") else len(head)
