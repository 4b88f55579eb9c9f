"""How to tell the errors of loads, in lists and on their pages: fields by their titles."""

from collections.abc import Mapping, Sequence
from functools import partial

from tolva.db.pool import Connection
from tolva.web.pages.panel import Tell
from tolva.workloads.intake.pages.field_titles import with_titles
from tolva.workloads.intake.schemas import find_schema
from tolva.workloads.intake.sql import SQL


def tellers(conn: Connection, ids: Sequence[str]) -> Mapping[str, Tell]:
    """By job, as far as these are for uploads; each schema is looked up once."""
    rows = conn.execute(SQL["schemas_of"], {"ids": list(ids)}).fetchall()
    made_for = {str(row["job_id"]): (row["schema"], row["schema_version"]) for row in rows}
    known = {schema: find_schema(conn, *schema)[0] for schema in set(made_for.values())}
    return {id: partial(with_titles, schema=known[schema]) for id, schema in made_for.items()}
