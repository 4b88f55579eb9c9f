"""The results as a page for people and, beside it, as JSON with every round."""

import json
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.jobs import machine, postgres
from bench.tables.rounds import STEPS, Series

PAGE = Path(__file__).parents[1] / "tables.md"
METHOD = """\
- Rows a second from the file on disk to the last commit, imports and the making of the empty table left out. Each
  system in a process of its own; the rounds go over all systems in turn; a figure is the median, with smallest and
  largest.
- **first**: into an empty table. **changed**: the same keys, each row with another price. **unchanged**: that file
  again. **1 % bad**: into an empty table, every hundredth row refused and explained.
- Only Tolva checks the rows, explains the bad ones, counts created, updated and unchanged, keeps what undo needs, shows
  progress and could be killed at any instant. The limit does none of it, and rewrites equal rows.
- Systems that go row by row get fewer rows; their figure is per second all the same.
- `VACUUM` and `CHECKPOINT` run before each system's turn."""


def facts() -> dict[str, str]:
    """What it was measured on; while the server runs."""
    return (
        {"date": datetime.now(UTC).date().isoformat()}
        | machine.facts()
        | {"PostgreSQL": ", ".join(f"{name} {value}" for name, value in postgres.facts().items())}
    )


def write(series: list[Series], facts: dict[str, str], rows: int, few: int, rounds: int) -> None:
    """Write the page and the JSON of the same name."""
    PAGE.write_text(_page(series, facts, rounds))
    body = {"facts": facts, "rows": rows, "few": few, "seconds": {one.peer.name: one.seconds for one in series}}
    PAGE.with_suffix(".json").write_text(json.dumps(body, indent=1) + "\n")


def _page(series: list[Series], facts: dict[str, str], rounds: int) -> str:
    steps = [*STEPS, "1 % bad"]
    measured = [one for one in series if one.seconds and not one.missing]
    table = [[one.peer.name, f"{one.rows:,}", *(_cell(one, series, step) for step in steps)] for one in measured]
    parts = [
        "# Files into tables",
        "Written by `make bench`. Figures of a shared or small machine are noisy: compare within this page.",
        _table(["rows/s (× the limit)", "rows", *steps], table),
        "\n".join(f"{one.peer.name} was left out: {one.missing}" for one in series if one.missing),
        f"{rounds} round(s); twelve columns.",
        "## What each does",
        _table(["", ""], [[one.peer.name, one.peer.what] for one in measured]),
        "## Machine",
        _table(["", ""], [list(item) for item in facts.items()]),
        "## Method",
        METHOD,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(one: Series, series: list[Series], step: str) -> str:
    seconds = one.seconds.get(step)
    if not seconds:
        return ""
    rate = [one.rows / second for second in seconds]
    limit = next((o for o in series if o.peer.name == ("limit xlsx" if one.peer.reads == "xlsx" else "limit")), None)
    base = limit and limit.seconds.get("first" if step == "1 % bad" else step)
    ratio = f" (×{median(rate) / (limit.rows / median(base)):.2f})" if limit and base else ""
    return f"{median(rate):,.0f}{ratio} [{min(rate):,.0f}–{max(rate):,.0f}]"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
