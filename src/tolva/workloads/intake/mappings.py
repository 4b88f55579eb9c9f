"""What a tenant said of headers, remembered for the next file that has them."""

from collections.abc import Mapping, Sequence

from tolva.db.pool import Connection
from tolva.tables.map import SURE, propose_mapping
from tolva.tables.schema import Schema
from tolva.workloads.intake.sql import SQL


def keep_mapping(conn: Connection, tenant_id: str, schema: str, said: Mapping[str, str | None]) -> None:
    """Remember fields (None: leave the column out) by header."""
    if said:
        given = {"headers": list(said), "fields": list(said.values())}
        conn.execute(SQL["keep_mappings"], given | {"tenant_id": tenant_id, "schema": schema})


def chosen_mapping(
    conn: Connection, schema: Schema, headers: Sequence[str], said: Mapping[str, str | None]
) -> dict[str, str | None]:
    """What was said for this file, and what is remembered of headers that nothing else tells, for fields still free."""
    if not any(headers):
        return dict(said)
    sure = [match for match in propose_mapping(headers, schema, said).matches if match.confidence >= SURE]
    told = {match.header for match in sure} | set(said)
    free = {field.name for field in schema.file_fields} - {match.field for match in sure}
    chosen = dict(said)
    for row in conn.execute(SQL["mappings"], {"schema": schema.name}).fetchall():
        if row["header"] in headers and row["header"] not in told and (row["field"] is None or row["field"] in free):
            chosen[row["header"]] = row["field"]
            free.discard(row["field"])
    return chosen
