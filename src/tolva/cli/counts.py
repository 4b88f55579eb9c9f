"""What became of the rows of a job: made, changed, refused, or put back."""

from psycopg.rows import DictRow
from rich.table import Table

from tolva.core.job import Json

LOADED = (
    ("rows", "total", "bold"),
    ("created", "created", "green"),
    ("updated", "updated", "green"),
    ("unchanged", "unchanged", ""),
    ("refused", "rejected", "red"),
    ("repeated in the file", "repeated", ""),
)
UNDONE = (
    ("removed", "removed", "green"),
    ("put back", "restored", "green"),
    ("gone already", "gone", ""),
    ("left alone, changed since", "conflicts", "red"),
)


def summary(job: DictRow) -> Table:
    """The end of a load or of its undoing, in rows."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for label, count, style in _counts(job):
        table.add_row(label, f"[{style}]{count:,}[/]" if style and count else f"{count:,}")
    return table


def outcome(job: DictRow) -> str:
    """The same on a line, as far as there is something to count; while a load runs, its refused rows.

    >>> outcome({"result": {"total": 3, "created": 2, "rejected": 1}, "progress": {}})
    '2 created, 1 refused'
    """
    if not job["result"]:
        refused = job["progress"].get("failed", 0)
        return f"{refused:,} refused" if refused else ""
    told = [f"{count:,} {label}" for label, count, _ in _counts(job) if count and label != "rows"]
    return ", ".join([*told, *(["dry run"] if job["result"].get("dry_run") else [])])


def rows_done(job: DictRow) -> str:
    """How many rows of how many.

    >>> rows_done({"progress": {"total": 3000, "processed": 1200}}), rows_done({"progress": {}})
    ('1,200/3,000', '')
    """
    total = job["progress"].get("total")
    return f"{job['progress'].get('processed', 0):,}/{total:,}" if total else ""


def _counts(job: DictRow) -> list[tuple[str, int, str]]:
    result: Json = job["result"] or {}
    names = UNDONE if "undo_of" in result else LOADED
    return [(label, result.get(name, 0), style) for label, name, style in names]
