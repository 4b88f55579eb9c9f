"""What was found out about a file, to be shown to whoever sent it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Findings:
    """How a file was read. Rows are numbered as the user counts; what its kind does not have is None or empty."""

    kind: str
    header_rows: tuple[int, ...] = ()
    """Empty when the file has no header."""
    columns: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the user: what was left out, and what may surprise."""

    def to_json(self) -> dict[str, Any]:
        """The findings as a JSON object, without what is None."""
        return {name: value for name, value in asdict(self).items() if value is not None}
