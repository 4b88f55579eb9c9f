"""What was said of a file that cannot be said of its kind: told, since it had no effect."""

from collections.abc import Mapping

from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.sniff import FileKind

WORKBOOK, JSON = ("sheet", "header_row"), ("encoding",)
USED: Mapping[FileKind, tuple[str, ...]] = {
    "csv": ("encoding", "delimiter", "quote", "header_row"),
    "xlsx": WORKBOOK,
    "xls": WORKBOOK,
    "ods": WORKBOOK,
    "json": JSON,
    "ndjson": JSON,
}
"""The options that tell how a file of each kind is read; a locale holds for all of them."""
NAMES = {
    "encoding": "la codificación",
    "delimiter": "el separador",
    "quote": "las comillas",
    "header_row": "la fila de encabezados",
    "sheet": "la hoja",
}


def unused_notes(kind: FileKind, options: ReadOptions) -> tuple[str, ...]:
    """A sentence about the options that a file of this kind has no use for; none where there are none.

    >>> unused_notes("csv", ReadOptions(sheet="Ventas", quote=""))
    ('Un archivo CSV no usa la hoja; lo indicado no se tuvo en cuenta.',)
    """
    said = [name for name in NAMES if getattr(options, name) is not None and name not in USED[kind]]
    if not said:
        return ()
    told = ", ".join(NAMES[name] for name in said)
    return (f"Un archivo {kind.upper()} no usa {told}; lo indicado no se tuvo en cuenta.",)
