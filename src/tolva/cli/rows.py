"""What a command lists: as JSON for scripts, as a table for people, or a sentence where there is nothing."""

from collections.abc import Callable, Sequence

from psycopg.rows import DictRow

from tolva.cli.console import out, print_json, say
from tolva.cli.listing import Column, listing

Listed = Callable[[DictRow], Sequence[object]]
"""The cells of a row."""


def show_rows(rows: Sequence[DictRow], columns: Sequence[Column], listed: Listed, none: str, *, as_json: bool) -> None:
    """Print them; `none` is the sentence."""
    if as_json:
        print_json(rows)
    elif rows:
        out.print(listing(out, columns, [listed(row) for row in rows]))
    else:
        say(none)
