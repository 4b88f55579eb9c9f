"""What of a chunk is to be undone, and what became of it. Values only; `undo` does it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

GONE = "la fila ya no existe"

Row = Sequence[Any]
FILE_ROW = 2


@dataclass(frozen=True)
class UndoConflict:
    """Something that the load did and that was not put back. `field` is None where the whole row is meant."""

    key: str
    row: int | None
    """Of the file; None where the load made the row."""
    field: str | None
    now: str | None
    said: str


@dataclass(frozen=True)
class Undone:
    """What became of a chunk. `left_…` are the positions, in the chunk, of what is not put back."""

    removed: int = 0
    restored: int = 0
    gone: int = 0
    """Rows that the load made and that were not there any more: nothing is left to do."""
    conflicts: tuple[UndoConflict, ...] = ()
    left_created: tuple[int, ...] = ()
    left_changed: tuple[int, ...] = ()

    @property
    def gone_changed(self) -> tuple[str, ...]:
        """The keys of rows that the load changed and that are not there any more."""
        return tuple(conflict.key for conflict in self.conflicts if conflict.said == GONE)

    def without(self, made: Collection[str], changed_keys: Sequence[str]) -> "Undone":
        """The same, knowing that the load itself had made the rows of these keys before it changed them here.

        `changed_keys` are those of the ledger's line.
        """
        left = tuple(n for n in self.left_changed if changed_keys[n] not in made)
        conflicts = tuple(conflict for conflict in self.conflicts if conflict.key not in made)
        return replace(
            self, gone=self.gone + len(self.left_changed) - len(left), conflicts=conflicts, left_changed=left
        )


@dataclass(frozen=True)
class Part:
    """What of a chunk is to be put back, each with its position in the ledger's line."""

    made: Sequence[Row]
    """Position, key, hash."""
    changed: Sequence[Row]
    """Position, key, row of the file, values before, values after; in the order of the file."""

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> "Part":
        """Of a line of the ledger: all of it, or what an undo before had to leave."""
        made = _rows(line, "created_keys", "created_hashes")
        changed = sorted(_rows(line, "changed_keys", "changed_rows", "was", "became"), key=itemgetter(FILE_ROW))
        left_created, left_changed = line["left_created"], line["left_changed"]
        return cls(made, changed) if left_created is None else cls(made, changed).only(left_created, left_changed)

    def only(self, created: Collection[int], changed: Collection[int]) -> "Part":
        """What of it is at these positions."""
        made, altered = set(created), set(changed)
        return Part([row for row in self.made if row[0] in made], [row for row in self.changed if row[0] in altered])


def _rows(line: Mapping[str, Any], *columns: str) -> Sequence[Row]:
    return [(n, *row) for n, row in enumerate(zip(*(line[name] for name in columns), strict=True))]
