"""How large a grid the sheets of an ODS span. A few bytes can say "this row a million times"."""

import re
import zipfile

BLOCK = 1024 * 1024
TOKEN = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^<>]*)>")
ROWS_REPEATED = re.compile(rb'table:number-rows-repeated="(\d{1,10})"')
COLUMNS_REPEATED = re.compile(rb'table:number-columns-repeated="(\d{1,10})"')
VALUE = re.compile(rb"office:value-type=|calcext:value-type=")


def most_cells(archive: zipfile.ZipFile) -> int:
    """Cells of the largest sheet, from the first to the last that holds a value. Raises KeyError without content."""
    most = rows = columns = row_begin = width = repeated = 0
    tail = b""
    with archive.open("content.xml") as content:
        while block := content.read(BLOCK):
            block, _, tail = (tail + block).rpartition(b"<")
            tail = b"<" + tail
            for kind, attributes in TOKEN.findall(block):
                if kind == b"table":
                    rows = columns = row_begin = repeated = width = 0
                elif kind == b"table-row":
                    row_begin += repeated
                    repeated, width = _times(ROWS_REPEATED, attributes), 0
                else:
                    width += _times(COLUMNS_REPEATED, attributes)
                    if VALUE.search(attributes):
                        columns, rows = max(columns, width), row_begin + repeated
                        most = max(most, rows * columns)
    return most


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found[1]) if found else 1
