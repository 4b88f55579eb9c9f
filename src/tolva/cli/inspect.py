"""`tolva inspect`: how a file would be read, and where its columns would go. Nothing is loaded."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tolva.cli.console import AsJson, out, print_json, say
from tolva.cli.files import Delimiter, Encoding, HeaderRow, Quote, Sheet, opened_file, read_options
from tolva.cli.listing import Column, facts, listing
from tolva.tables.document import builtin_schema
from tolva.tables.map import known_names
from tolva.tables.reading.findings import Findings
from tolva.workloads.intake.preview import describe

SIGNS = {"\t": "tab", " ": "space", "": "none", "\x1f": "\\x1f", "\x01": "\\x01"}


def inspect(
    file: Annotated[Path, typer.Argument(help="A file of any kind that `load` takes.", show_default=False)],
    schema: Annotated[str, typer.Option(help="What the rows are.")] = "products",
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    quote: Quote = None,
    header_row: HeaderRow = None,
    sheet: Sheet = None,
    as_json: AsJson = False,
) -> None:
    """Show how a file would be read: encoding, separators, header, columns with their types, and their mapping."""
    destination = builtin_schema(schema)
    options = read_options(encoding, delimiter, quote, header_row, sheet)
    with opened_file(file, options, known_names(destination)) as source:
        found, described = source.findings, describe(source, destination, {})
    if as_json:
        return print_json(described)
    out.print(facts(_facts(found)), "", _table(described["columns"]), sep="\n")
    for note in (*found.notes, *filter(None, [described["problem"]])):
        say(f"\n{note}")
    return None


def _facts(found: Findings) -> list[tuple[str, object]]:
    return [
        ("kind", found.kind),
        ("encoding", found.encoding),
        ("delimiter", found.delimiter and SIGNS.get(found.delimiter, found.delimiter)),
        ("quote", found.quote),
        ("escape", found.escape),
        ("sheet", found.sheet),
        ("header", ", ".join(f"row {row}" for row in found.header_rows if row) or "none"),
    ]


def _table(columns: list[dict[str, Any]]) -> Any:
    titles = (
        Column("column", wraps=True),
        Column("type"),
        Column("filled", right=True),
        Column("field"),
        Column("sure", right=True),
        Column("samples", wraps=True),
    )
    rows = [
        (
            column["header"] or "(no name)",
            column["type"] + (f", {column['note']}" if column["note"] else ""),
            f"{column['filled']:.0%}",
            column["field"] or "",
            f"{column['confidence']:.0%}" if column["confidence"] else "",
            " · ".join(column["samples"]),
        )
        for column in columns
    ]
    return listing(out, titles, rows)
