"""The place of a schema's rows: in Tolva's own database, or in the one that the schema names."""

from collections.abc import Generator
from contextlib import contextmanager

from tolva.connectors.destinations import Destinations
from tolva.db.pool import Connection
from tolva.jobs.context import Context
from tolva.tables.handover import create_handover, forget_handover
from tolva.tables.ledger import PASSING_LEDGER
from tolva.tables.rights import explained_refusals
from tolva.tables.schema import Schema
from tolva.workloads.intake.place import Place
from tolva.workloads.intake.place_here import Here
from tolva.workloads.intake.place_there import There
from tolva.workloads.intake.schemas import require_target


@contextmanager
def placed(ctx: Context, destinations: Destinations, schema: Schema, ended_load: str | None = None) -> Generator[Place]:
    """The place of a schema's rows, once its table is there and the job has caught up with it.

    With `ended_load`, also what the last chunk of that load did is known then, though the load may have ended too early
    to tell.
    Raises Conflict where the table is not there, InvalidInput where it does not fit, DatabaseUnavailable.
    """
    if schema.destination is None:
        with explained_refusals():
            with ctx.transaction() as conn:
                require_target(conn, schema)
            yield Here(ctx)
        return
    with destinations.connect(ctx.tenant_id, schema.destination) as remote:
        require_target(remote, schema)
        create_handover(remote)
        remote.execute(PASSING_LEDGER)
        place = There(ctx, remote)
        place.catch_up()
        if ended_load:
            place.hear_of(ended_load)
        yield place
        forget_handover(remote, ctx.job_id)


@contextmanager
def session_beside(ctx: Context, destinations: Destinations, schema: Schema) -> Generator[Connection]:
    """A connection to where a schema's rows are, for reading and for temporary tables. Raises what `placed` raises."""
    if schema.destination is None:
        with explained_refusals(), ctx.session("dry run") as session:
            require_target(session, schema)
            yield session
        return
    with destinations.connect(ctx.tenant_id, schema.destination) as remote:
        require_target(remote, schema)
        yield remote
