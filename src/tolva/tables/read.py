"""Opens a stored file, whatever its kind."""

from pathlib import Path

from tolva.tables.read_csv import open_csv
from tolva.tables.read_xlsx import open_xlsx
from tolva.tables.sniff import FileKind
from tolva.tables.source import Source


def open_source(path: Path, kind: FileKind) -> Source:
    """The file's headers and frames; nothing of its name is used.

    Raises UnreadableFile when it is damaged or empty, TooLarge when it has too many columns or cells.
    """
    return open_csv(path) if kind == "csv" else open_xlsx(path)
