"""`tolva schema mappings`: what loads have remembered of columns, and of numbers and dates."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import typer

from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.cli.pairs import pairs
from tolva.errors import InvalidInput
from tolva.tables.outline import Outline
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.intake.mappings import forget_mappings, list_mappings
from tolva.workloads.intake.said_locale import forget_locale, list_locales
from tolva.workloads.intake.schemas import schema_document

NOTHING: Mapping[str, str] = MappingProxyType({})


def mappings(
    name: Annotated[str, typer.Argument(help="The schema's name.", metavar="SCHEMA", show_default=False)],
    forget: Annotated[
        list[str] | None, typer.Option("--forget", help="Forget what was said of this column.", metavar="COLUMN")
    ] = None,
    forget_locales: Annotated[
        list[str] | None,
        typer.Option("--forget-locale", help="Forget that numbers and dates were said to be so.", metavar="LOCALE"),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE: with --forget-locale, of files that came with this alone.", show_default=False),
    ] = None,
    forget_all: Annotated[bool, typer.Option("--forget-all", help="Forget all of it.")] = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """What is remembered of files: the answers of loads that ended well. With --forget, what is left."""
    if (forget or forget_locales) and forget_all:
        raise InvalidInput("Either name what to forget, or say --forget-all.")
    if param and not forget_locales:
        raise InvalidInput("--param says whose --forget-locale is meant; name a locale.")
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        schema_document(conn, name)
        for column in [None] if forget_all else forget or []:
            forget_mappings(conn, at_terminal(tenant), name, column)
        for locale in forget_locales or []:
            forget_locale(conn, at_terminal(tenant), name, locale, pairs("--param", param or []))
        found, locales = list_mappings(conn, name), list_locales(conn, name)
    if as_json:
        print_json({"mappings": found, "locales": locales})
    elif not (found or locales):
        say(f"Nothing is remembered for '{name}', neither of columns nor of numbers and dates.")
    else:
        columns = Column("column", wraps=True), Column("field"), Column("holds for", wraps=True)
        cells = [(row["name"], row["field"] or "(left out)", _holds_for(row["outline"])) for row in found]
        signs = "(numbers and dates)"
        cells += [(signs, row["locale"], _holds_for(row["outline"], row["constants"])) for row in locales]
        out.print(listing(out, columns, cells))
        ways = [("--forget", "COLUMN")] * bool(found) + [("--forget-locale", "LOCALE")] * bool(locales)
        commands = [Hints(data_dir, tenant).command("schema", "mappings", name, *way) for way in ways]
        say("\n" + "\n".join(f"To forget one: {command}" for command in commands))


def _holds_for(outline: Outline | None, constants: Mapping[str, str] = NOTHING) -> str:
    """Which files an answer is for.

    >>> _holds_for({"headers": ["codigo", "precio", "precio", ""]}), _holds_for({"kinds": ["text", "number"]})
    ('files with the header: codigo, precio, precio, –', 'files of 2 columns without header: text, number')
    >>> _holds_for({"headers": ["codigo", "precio"]}, {"proveedor_id": "P1"})
    'proveedor_id=P1, files with the header: codigo, precio'
    """
    theirs = "".join(f"{name}={value}, " for name, value in constants.items())
    if outline is None:
        return "any file with this header"
    if "headers" in outline:
        return f"{theirs}files with the header: {', '.join(header or '–' for header in outline['headers'])}"
    return f"{theirs}files of {len(outline['kinds'])} columns without header: {', '.join(outline['kinds'])}"
