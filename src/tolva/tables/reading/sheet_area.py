"""Where in a workbook the table stands that was read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tolva.tables.reading.xlsx_scan import Merge


@dataclass(frozen=True)
class SheetArea:
    """In which sheet, how many rows above its data, in which columns; its merged cells."""

    sheet: str
    skipped: int
    places: tuple[int, ...]
    """The sheet's column, from 0, of each of the table's."""
    merges: tuple[Merge, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The area as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SheetArea":
        """The area that `to_json` wrote."""
        merges = tuple(Merge(**merge) for merge in value["merges"])
        return cls(value["sheet"], value["skipped"], tuple(value["places"]), merges)
