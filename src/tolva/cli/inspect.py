"""`tolva inspect`: how a file would be read, and where its columns would go. Nothing is loaded."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tolva.cli.columns import column_called
from tolva.cli.console import AsJson, DataDir, Exit, Tenant, out, print_json, say
from tolva.cli.files import Delimiter, Encoding, HeaderRow, Locale, Quote, Sheet, opened_file, read_options
from tolva.cli.listing import Column, facts, listing
from tolva.cli.named import named_schema
from tolva.cli.pairs import Answers, chosen
from tolva.cli.questions import answers_to, how_to_choose
from tolva.core.job import Json
from tolva.tables.column_choices import Choices
from tolva.tables.map import known_names
from tolva.tables.reading.findings import Findings
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.intake.preview import describe

SIGNS = {"\t": "tab", " ": "space", "": "none", "\x1f": "\\x1f", "\x01": "\\x01"}


def inspect(
    file: Annotated[Path, typer.Argument(help="A file of any kind that `load` takes.", show_default=False)],
    schema: Annotated[
        str, typer.Option(help="What the rows are: the name of a schema, or the path of its document (.json).")
    ] = "products",
    answers: Answers = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    quote: Quote = None,
    header_row: HeaderRow = None,
    sheet: Sheet = None,
    locale: Locale = None,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Show how a file would be read: encoding, separators, header, columns with their types, and their mapping.

    What loads have remembered is not looked at. Ends with 2 where a load would ask something.
    """
    said = chosen(answers)
    destination = named_schema(schema, data_dir, tenant).in_locale(locale)
    options = read_options(encoding, delimiter, quote, header_row, sheet, locale)
    with opened_file(file, options, known_names(destination)) as source:
        found, described = source.findings, describe(source, destination, said)
    if as_json:
        print_json(described)
    else:
        _show(found, described, said)
    raise typer.Exit(Exit.WRONG_CALL if described["problem"] else Exit.DONE)


def _show(found: Findings, described: Json, said: Choices) -> None:
    out.print(
        facts([*_facts(found), ("defaults", _defaults(described["defaults"]))]),
        "",
        _table(described["columns"]),
        sep="\n",
    )
    for note in (*described["notes"], *filter(None, [described["problem"]])):
        say(f"\n{note}")
    questions = described["questions"]
    if any(question["columns"] for question in questions):
        say(f"{how_to_choose(questions)}\n  {answers_to(questions, said)}")


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


def _defaults(given: dict[str, str]) -> str:
    return ", ".join(f"{field} {value!r} in new rows without a value" for field, value in given.items())


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
            column_called(column["name"], column["header"]),
            column["type"] + (f", {column['note']}" if column["note"] else ""),
            f"{column['filled']:.0%}",
            column["field"] or "",
            f"{column['confidence']:.0%}" if column["confidence"] else "",
            " · ".join(column["samples"]),
        )
        for column in columns
    ]
    return listing(out, titles, rows)
