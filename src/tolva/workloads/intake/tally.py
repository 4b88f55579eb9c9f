"""How far a load has come: what its checkpoint holds, its progress shows and its result says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tolva.core.job import Json
from tolva.tables.check import Checked
from tolva.tables.load import Loaded
from tolva.tables.reading.findings import NO_ROWS
from tolva.tables.reading.source import Frame, Position
from tolva.workloads.intake.repeated_rows import overwriting

MOST_KEYS = 1000
"""Keys of new rows that the result names."""


@dataclass(frozen=True)
class Tally:
    """Counts of rows. `position` is None before the first chunk."""

    position: Position | None = None
    processed: int = 0
    rejected: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    keys: tuple[str, ...] = ()
    alike: tuple[Json, ...] = ()
    """Loaded rows whose key comes more than once, as `rows_alike` tells them."""

    @property
    def keys_left(self) -> int:
        """How many keys of new rows may still be named."""
        return MOST_KEYS - len(self.keys)

    def after(self, frame: Frame, checked: Checked, loaded: Loaded, repeated: int, alike: Sequence[Json]) -> "Tally":
        """The tally once this frame is loaded."""
        return Tally(
            position=frame.next,
            processed=self.processed + frame.rows.height,
            rejected=self.rejected + checked.rejected,
            created=self.created + loaded.created,
            updated=self.updated + loaded.updated,
            unchanged=self.unchanged + loaded.unchanged,
            repeated=self.repeated + repeated,
            keys=(*self.keys, *loaded.created_keys)[:MOST_KEYS],
            alike=(*self.alike, *alike),
        )

    def to_json(self) -> Json:
        """The tally as a checkpoint."""
        return asdict(replace(self, position=None)) | {
            "position": self.position.to_json() if self.position else None,
            "keys": list(self.keys),
            "alike": list(self.alike),
        }

    @classmethod
    def from_json(cls, checkpoint: Json | None) -> "Tally":
        """The tally of a checkpoint; a fresh one without."""
        if checkpoint is None:
            return cls()
        given: dict[str, Any] = dict(checkpoint)
        given["position"] = given["position"] and Position.from_json(given["position"])
        given["keys"] = tuple(given["keys"])
        given["alike"] = tuple(given["alike"])
        return cls(**given)

    def counters(self, total: int) -> dict[str, int]:
        """The progress of a file with `total` rows."""
        return {
            "total": total,
            "processed": self.processed,
            "successful": self.processed - self.rejected,
            "failed": self.rejected,
        }

    def result(self, total: int) -> Json:
        """What the job says at its end: counts of rows, and a `note` when there were none."""
        note = {} if total else {"note": NO_ROWS}
        return {
            **note,
            "total": total,
            "accepted": self.processed - self.rejected,
            "rejected": self.rejected,
            "repeated": self.repeated,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "created_keys": list(self.keys),
            "repeats": overwriting(self.alike),
        }
