"""`tolva load`: a file into its table, watched to the end."""

from pathlib import Path
from typing import Annotated

import typer

from tolva import app
from tolva.cli.console import AsJson, DataDir, Exit, Tenant, out, print_json, settings_for
from tolva.cli.refused import first_refused
from tolva.cli.watch import summary, tell_end, watch
from tolva.core.job import JobId
from tolva.errors import InvalidInput
from tolva.jobs.work import Jobs
from tolva.serve import own_worker
from tolva.settings import Settings
from tolva.tables.check import check_constants
from tolva.tables.document import builtin_schema
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.catalog.accept import Arrival, accept
from tolva.workloads.catalog.reception import Reception

PIECE = 1024 * 1024


def load(
    file: Annotated[Path, typer.Argument(help="A .xlsx or .csv file.")],
    schema: Annotated[str, typer.Option(help="What the rows are.")] = "products",
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE that holds for every row; may repeat.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Load a file. Starts what is needed; uses a running `tolva up` of the same data folder when there is one."""
    settings = settings_for(data_dir)
    constants = check_constants(_params(param or []), builtin_schema(schema))
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        with app.jobs(settings, server, "tolva load") as jobs:
            job_id = _accept(settings, jobs, tenant, file, Arrival(schema, file.name, constants))
            with own_worker(settings, server):
                job = watch(jobs, tenant, job_id, quiet=as_json)
            code = tell_end(job) if not as_json else Exit.DONE
            if as_json:
                print_json(job)
            elif job["result"]:
                out.print(summary(job))
                out.print(first_refused(jobs, tenant, job_id))
    raise typer.Exit(code)


def _params(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise InvalidInput(f"--param {name}: write NAME=VALUE, for instance proveedor_id=PROV001.")
    return {name: value for name, _, value in pairs}


def _accept(settings: Settings, jobs: Jobs, tenant: str, file: Path, arrival: Arrival) -> JobId:
    try:
        stream = file.open("rb")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error
    with stream, app.blobs(settings).receive(settings.upload_max_mb * 1024**2) as writer:
        reception = Reception(writer)
        reception.begin(file.name)
        while piece := stream.read(PIECE):
            reception.write(piece)
        return accept(jobs, tenant, arrival, reception.kind, writer)
