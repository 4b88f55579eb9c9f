"""`tolva load`: a file into its table, watched to the end."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tolva import app
from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Tenant, err, print_json, settings_for
from tolva.cli.files import (
    Delimiter,
    Encoding,
    HeaderRow,
    Locale,
    Quote,
    Sheet,
    kind_of_file,
    opened_file,
    read_options,
)
from tolva.cli.hints import Hints
from tolva.cli.pairs import Answers, chosen, pairs
from tolva.cli.questions import show_questions
from tolva.cli.refused import show_refused
from tolva.cli.retry_command import load_again
from tolva.cli.watch import exit_code, see_through, tell_end
from tolva.core.job import JobId
from tolva.errors import Conflict, InvalidInput
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.tables.check import check_constants
from tolva.tables.column_choices import Choices, require_fields
from tolva.tables.document import BUILTIN, builtin_schema
from tolva.tables.map import known_names, propose_mapping
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.sniff import sniff
from tolva.tables.reading.unpack import verify_stored
from tolva.tables.schema import Schema
from tolva.tables.target import check_target
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.intake.accept import LOAD, REHEARSE, Arrival, accept, upload_options
from tolva.workloads.intake.corrected import require_corrected
from tolva.workloads.intake.reception import Reception
from tolva.workloads.intake.schemas import find_schema

PIECE = 1024 * 1024


def load(
    file: Annotated[
        Path, typer.Argument(help="A CSV, Excel, ODS or JSON file, also as .gz or .zip.", show_default=False)
    ],
    schema: Annotated[str, typer.Option(help="What the rows are.")] = "products",
    param: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE that holds for every row, for instance proveedor_id=PROV001.")
    ] = None,
    answers: Answers = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do; nothing is written.")] = False,
    corrects: Annotated[
        UUID | None,
        typer.Option(help="The load whose refused rows it brings mended: it is read as that was.", metavar="JOB"),
    ] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    quote: Quote = None,
    header_row: HeaderRow = None,
    sheet: Sheet = None,
    locale: Locale = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Load a file. Starts what is needed; uses a running `tolva up` of the same data folder when there is one."""
    settings = settings_for(data_dir)
    given, said = pairs("--param", param or []), chosen(answers)
    if schema in BUILTIN:  # refused before anything is started is what can be
        _constants(builtin_schema(schema), given, said)
    read = read_options(encoding, delimiter, quote, header_row, sheet, locale)
    options = upload_options(read, said)
    verify_stored(file, kind_of_file(file, sniff), file.name)  # refused at once is what would be refused later
    hints = Hints(data_dir, tenant)
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        with app.jobs(settings, server, "tolva load") as jobs:
            found, version = _found(jobs, hints, schema, corrects)
            constants = _constants(found, given, said)
            _require_columns(file, found, read, said, quiet=as_json)
            kind = REHEARSE if dry_run else LOAD
            arrival = Arrival(schema, file.name, constants, None, version, kind, options, corrects and str(corrects))
            id = _accept(settings, jobs, tenant, file, arrival)
            queue = jobs.catalogue.queue_of(kind).name
            job = see_through(settings, server, jobs, hints, id, queue, quiet=as_json)
            if as_json:
                print_json(job)
            else:
                tell_end(job, hints)
                with jobs.db.transaction(tenant) as conn:
                    again = load_again(conn, job, hints, file)
                show_questions(jobs, app.blobs(settings), tenant, job, again)
                show_refused(jobs, tenant, id, hints)
    raise typer.Exit(exit_code(job))


def _found(jobs: Jobs, hints: Hints, name: str, corrects: UUID | None) -> tuple[Schema, int]:
    with jobs.db.transaction(hints.tenant) as conn:
        schema, version = find_schema(conn, name)
        require_corrected(conn, corrects, name)
        if schema.tenanted and not check_target(conn, schema):
            create = hints.command("schema", "create", name)
            raise Conflict(f"The table '{schema.target}' of '{name}' is not there yet. Make it: {create}")
    return schema, version


def _constants(schema: Schema, given: dict[str, str], said: Choices) -> dict[str, str]:
    """What holds for every row, once all that names a field of the schema does so rightly."""
    require_fields(schema, said)
    taken = [field.name for field in schema.fields if field.source == "params"]
    if unknown := sorted(set(given) - set(taken)):
        options = ", ".join(taken) or "none"
        raise InvalidInput(f"--param {unknown[0]}: '{schema.name}' takes no such value. It takes: {options}.")
    needed = [name for name in taken if schema.field(name).required]
    if missing := [name for name in needed if not given.get(name, "").strip()]:
        options = " ".join(f"--param {name}=VALUE" for name in missing)
        raise InvalidInput(f"The rows of '{schema.name}' need a value that is not in the file. Add: {options}")
    return check_constants(given, schema)


def _require_columns(file: Path, schema: Schema, read: ReadOptions, said: Choices, *, quiet: bool) -> None:
    """A mistyped column is refused here, where it is seen at once and leaves no failed job behind.

    A workbook is read whole for that: who waits is told why.
    """
    if said:
        if not quiet:
            err.print("Looking at the columns of the file, before there is a job …")
        with opened_file(file, read, known_names(schema)) as source:
            propose_mapping(source.headers, schema, said)


def _accept(settings: Settings, jobs: Jobs, tenant: str, file: Path, arrival: Arrival) -> JobId:
    blobs = app.blobs(settings)
    blobs.prepare()
    with file.open("rb") as stream, blobs.receive(settings.upload_max_mb * 1024**2) as writer:
        reception = Reception(writer)
        reception.begin(file.name)
        while piece := stream.read(PIECE):
            reception.write(piece)
        return accept(jobs, at_terminal(tenant), arrival, reception.kind, writer)
