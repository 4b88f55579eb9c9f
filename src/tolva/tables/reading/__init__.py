"""Opens a stored file, whatever its kind."""

from collections.abc import Set
from dataclasses import replace
from pathlib import Path

from tolva.tables.reading.apart import open_workbook_apart
from tolva.tables.reading.csv_file import CsvSource, open_csv
from tolva.tables.reading.encoding import detect_encoding, known_encoding
from tolva.tables.reading.json_file import open_json
from tolva.tables.reading.options import AS_FOUND, ReadOptions
from tolva.tables.reading.pieces import PiecesSource
from tolva.tables.reading.sniff import FileKind, verify
from tolva.tables.reading.source import Source
from tolva.tables.reading.transcode import to_utf8
from tolva.tables.reading.unpack import unpack
from tolva.tables.reading.unused import unused_notes
from tolva.tables.reading.watch import Watch, unwatched


def open_source(
    path: Path,
    kind: FileKind,
    scratch: Path,
    *,
    name: str = "",
    known: Set[str] = frozenset(),
    options: ReadOptions = AS_FOUND,
    watch: Watch = unwatched,
) -> Source:
    """The file's headers and frames, for as long as the folder `scratch` is there, which is to be empty.

    `name` tells what a gzip holds, `known` (folded names of fields) helps to find the header, `watch` is called on the
    way. Raises UnreadableFile when the file is damaged or holds nothing, UnsupportedFile for a packed file of another
    kind, TooLarge when it has too many columns or cells, InvalidInput when `options` ask for what it does not have.
    """
    if kind in ("gzip", "zip"):
        path, kind = unpack(path, kind, name, scratch, watch)
    else:
        verify(path, kind)
    source = _open(path, kind, scratch, known, options, watch)
    notes = (*source.findings.notes, *unused_notes(kind, options))
    return replace(source, findings=replace(source.findings, notes=notes))


def _open(
    path: Path, kind: FileKind, scratch: Path, known: Set[str], options: ReadOptions, watch: Watch
) -> CsvSource | PiecesSource:
    if kind in ("xlsx", "xls", "ods"):
        return open_workbook_apart(path, kind, scratch, known, options, watch)
    encoding = known_encoding(options.encoding, path) if options.encoding else detect_encoding(path, watch)
    text = to_utf8(path, encoding, scratch, watch)
    if kind in ("json", "ndjson"):
        return open_json(text, kind, scratch, watch)
    source = open_csv(text, known, options, watch)
    return replace(source, findings=replace(source.findings, encoding=encoding.name))
