"""What the headers of a file leave open."""

from dataclasses import asdict, dataclass
from typing import Any

MOST_COLUMNS = 100
"""Columns that a question names."""


@dataclass(frozen=True)
class Question:
    """Which column feeds a field? `columns` may, called as an answer calls them; `likely` is what a guess would be."""

    field: str
    columns: tuple[str, ...]
    likely: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The question as a JSON object."""
        return asdict(self) | {"columns": list(self.columns[:MOST_COLUMNS])}
