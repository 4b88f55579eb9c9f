"""A file, announced: what a call says of it, checked before its first byte comes."""

from dataclasses import dataclass
from uuid import UUID

from tolva.jobs.work import Jobs
from tolva.tables.check import check_constants
from tolva.tables.column_choices import Choices, require_fields
from tolva.web.access.caller import Caller
from tolva.workloads.intake.accept import LOAD, REHEARSE, Arrival, upload_options
from tolva.workloads.intake.corrected import require_corrected
from tolva.workloads.intake.schemas import accepting_schema
from tolva.workloads.intake.upload_parameters import CONSTANTS, MAPPING, READ, from_json


@dataclass(frozen=True)
class Said:
    """What a call says of a file, as it came; `params`, `mapping` and `read` are JSON."""

    schema: str = "products"
    params: str | None = None
    dry_run: bool = False
    mapping: str | None = None
    read: str | None = None
    corrects: UUID | None = None


def announced(jobs: Jobs, by: Caller, said: Said, idempotency_key: str | None) -> Arrival:
    """The arrival of a file whose name is still to come. Raises InvalidInput, NotFound, Conflict."""
    given = from_json("params", CONSTANTS, said.params)
    chosen = from_json("mapping", MAPPING, said.mapping)
    options = upload_options(from_json("read", READ, said.read).options(), chosen)
    constants, version = _checked(jobs, by, said, given, chosen)
    kind = REHEARSE if said.dry_run else LOAD
    return Arrival(
        said.schema, "", constants, idempotency_key, version, kind, options, said.corrects and str(said.corrects)
    )


def _checked(jobs: Jobs, by: Caller, said: Said, given: dict[str, str], chosen: Choices) -> tuple[dict[str, str], int]:
    """The constants of an upload, and the version of its schema."""
    with jobs.db.transaction(by.tenant_id) as conn:
        schema, version = accepting_schema(conn, said.schema)
        require_corrected(conn, said.corrects, said.schema)
    require_fields(schema, chosen)
    return check_constants(given, schema), version
