"""Which part of a workbook is the table, for who looks into it again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tolva.tables.reading.xlsx_scan import Merge


@dataclass(frozen=True)
class SheetArea:
    """Where the table stands: in which sheet, how many rows above its data, and which of its cells are merged."""

    sheet: str
    skipped: int
    merges: tuple[Merge, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The area as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SheetArea":
        """The area that `to_json` wrote."""
        return cls(value["sheet"], value["skipped"], tuple(Merge(**merge) for merge in value["merges"]))
