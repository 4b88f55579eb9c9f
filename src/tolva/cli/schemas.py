"""`tolva schema`: what files can be loaded for."""

from pathlib import Path
from typing import Annotated

import typer

from tolva import app
from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, settings_for
from tolva.cli.described import field_rules, schema_facts
from tolva.cli.files import Force, new_file
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, facts, listing
from tolva.cli.mappings import mappings
from tolva.cli.named import read_document
from tolva.cli.opened import opened
from tolva.errors import InvalidInput
from tolva.tables.template import write_template
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.intake.schemas import (
    configured_defaults,
    find_schema,
    list_schemas,
    put_schema,
    schema_document,
    target_ddl,
    target_ready,
    with_configured,
)

cli = typer.Typer(
    help="What files can be loaded for: list, look at, add, make tables and templates.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The schema's name.", metavar="SCHEMA", show_default=False)]


@cli.command("ls")
def ls(data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """List the schemas: those that ship with Tolva (version 0), and the tenant's own."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        found = list_schemas(conn)
    if as_json:
        print_json(found)
        return
    columns = Column("schema"), Column("version", right=True), Column("title", wraps=True)
    out.print(listing(out, columns, [(each["name"], each["version"], each["title"]) for each in found]))


@cli.command("show")
def show(
    name: Name,
    ddl: Annotated[bool, typer.Option("--ddl", help="Print the statements that make its table.")] = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """One schema: its fields and their rules; with --json, its document."""
    settings = settings_for(data_dir)
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        document, version = schema_document(conn, name)
        schema, _ = find_schema(conn, name)
        ready = target_ready(conn, app.destinations(settings), tenant, schema)
    if as_json:
        print_json(document)
        return
    if ddl:
        say(target_ddl(schema).rstrip())
        return
    create = Hints(data_dir, tenant).command("schema", "create", name)
    there = schema.target if ready else f"{schema.target}, not there yet: {create}"
    told = [("schema", name), ("title", schema.title), ("version", version), ("table", there)]
    out.print(facts([*told, *schema_facts(schema)]), "", sep="\n")
    columns = (
        Column("field"),
        Column("type"),
        Column("from"),
        Column("rules", wraps=True),
        Column("means", wraps=True),
        Column("headers", wraps=True),
    )
    rows = [
        (f.name, f.type, f.source, field_rules(f), f.description, ", ".join((f.title, *f.aliases)))
        for f in with_configured(schema, version, configured_defaults(settings)).fields
    ]
    out.print(listing(out, columns, rows))


@cli.command("template")
def template(
    name: Name,
    to: Annotated[Path | None, typer.Option("--out", help="Where to write it. (default: SCHEMA.xlsx)")] = None,
    example: Annotated[bool, typer.Option("--example", help="With rows of examples.")] = False,
    force: Force = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Write a workbook to fill in."""
    path = to or Path(f"{name}.xlsx")
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        schema = with_configured(*find_schema(conn, name), configured_defaults(settings_for(data_dir)))
    with new_file(path, force=force) as part:
        write_template(schema, part, example=example)
    say(str(path))


@cli.command("add")
def add(
    file: Annotated[
        Path, typer.Argument(help="A Table Schema document (JSON) with `name`, `target`.", show_default=False)
    ],
    create: Annotated[bool, typer.Option("--create", help="Make its table as well, if it is not there.")] = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Keep a schema, or a new version of one."""
    document = read_document(file)
    name = str(document.get("name", ""))
    if not name:
        raise InvalidInput("name: the document needs one")
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        version, ready = put_schema(conn, app.destinations(settings_for(data_dir)), tenant, name, document)
    say(f"{name}, version {version}")
    if create and not ready:
        create_table(name, data_dir, tenant)
    elif not ready:
        say(f"Its table is not there yet. Make it: {Hints(data_dir, tenant).command('schema', 'create', name)}")


@cli.command("create")
def create_table(name: Name, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Make the table of a schema; in Tolva's own database under row-level security."""
    settings = settings_for(data_dir)
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        with app.jobs(settings, server, "tolva schema") as jobs, jobs.db.transaction(tenant) as conn:
            schema, _ = find_schema(conn, name)
        app.make_target(settings, server, tenant, schema)
    say(f"Made the table {schema.target}.")


cli.command("mappings")(mappings)
