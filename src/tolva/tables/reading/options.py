"""What a user may say about a file instead of leaving it to be found out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadOptions:
    """None leaves each to detection.

    `quote` "" means that nothing is quoted; `header_row` 0 that there is none; `locale` "" that the columns show how
    numbers and dates are meant, else the schema, whatever was said with an earlier file.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header_row: int | None = None
    """As the user counts: the first row of the file is 1."""
    sheet: str | None = None
    """Name of a workbook's sheet, or its number from 1."""
    locale: str | None = None
    """How numbers and dates are meant that mean two things, instead of what the schema says: es-CO, for instance."""


AS_FOUND = ReadOptions()
