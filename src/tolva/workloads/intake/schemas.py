"""Which schemas there are: those that ship with the package, and each tenant's own in versions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.connectors.destinations import Destinations
from tolva.db.pool import APP_ROLE, Connection
from tolva.errors import Conflict, InvalidInput, NotFound
from tolva.settings import Settings
from tolva.tables.check import check_constants
from tolva.tables.ddl import create_table, guard_table
from tolva.tables.document import BUILTIN, builtin_document, builtin_schema, load_schema
from tolva.tables.entries import read_name
from tolva.tables.rights import check_apart
from tolva.tables.schema import Schema
from tolva.tables.target import check_target
from tolva.workloads.intake.sql import SQL


def list_schemas(conn: Connection) -> list[dict[str, Any]]:
    """Name, title and version of each, those of the package first (version 0)."""
    own = [
        {"name": row["name"], "title": row["document"].get("title", row["name"]), "version": row["version"]}
        for row in conn.execute(SQL["schemas"]).fetchall()
    ]
    return [{"name": name, "title": builtin_schema(name).title, "version": 0} for name in BUILTIN] + own


def schema_document(conn: Connection, name: str, version: int | None = None) -> tuple[Mapping[str, Any], int]:
    """A schema's document and its version, the latest unless one is asked for. Raises NotFound."""
    if name in BUILTIN:
        return builtin_document(name), 0
    row = conn.execute(SQL["schema_version"], {"name": name, "version": version}).fetchone()
    if row is None or row["document"] is None:
        known = ", ".join(schema["name"] for schema in list_schemas(conn))
        raise NotFound(f"There is no schema '{name}'. Known schemas: {known}.")
    return row["document"], row["version"]


def find_schema(conn: Connection, name: str, version: int | None = None) -> tuple[Schema, int]:
    """The schema itself. Raises NotFound."""
    if name in BUILTIN:
        return builtin_schema(name), 0
    document, found = schema_document(conn, name, version)
    return load_schema(document), found


def configured_defaults(settings: Settings) -> dict[str, str]:
    """Defaults of the package's own schemas, by field, that are a matter of settings."""
    return {"moneda": settings.default_currency}


def with_configured(schema: Schema, version: int, defaults: Mapping[str, str]) -> Schema:
    """A schema of the package with these defaults; a tenant's own says all of its defaults itself."""
    return schema if version else schema.with_defaults(defaults)


def target_ddl(schema: Schema) -> str:
    """The statements that make a schema's table; in Tolva's own database under row-level security."""
    return create_table(schema) + (guard_table(schema, APP_ROLE) if schema.tenanted else "")


def target_ready(conn: Connection, destinations: Destinations, tenant_id: str, schema: Schema) -> bool:
    """Whether a schema's table is there; `conn` is a transaction of the tenant.

    Raises InvalidInput that names the path of a misfit, DatabaseUnavailable.
    """
    if schema.destination is None:
        return check_target(conn, schema)
    with destinations.connect(tenant_id, schema.destination) as there:
        return check_target(there, schema)


def require_target(conn: Connection, schema: Schema) -> None:
    """Raises Conflict where the schema's table is not there, InvalidInput where it does not fit any more."""
    if not check_target(conn, schema):
        create = f"tolva schema create {schema.name}"
        raise Conflict(f"The table '{schema.target}' is not there yet. Its administrator makes it: {create}")


def accepting_schema(conn: Connection, name: str) -> tuple[Schema, int]:
    """The schema that an upload is for, and its version, if its table is ready for rows.

    A table in another database is looked at by the job, in its own time. Raises NotFound, Conflict, InvalidInput.
    """
    schema, version = find_schema(conn, name)
    if schema.tenanted:
        require_target(conn, schema)
    return schema, version


def schema_of(conn: Connection, upload: DictRow) -> Schema:
    """The schema that an upload was made for, as it was then, in the locale that its sender named."""
    schema, _ = find_schema(conn, upload["schema"], upload["schema_version"])
    return schema.in_locale(upload["options"].get("read", {}).get("locale"))


def put_schema(
    conn: Connection, destinations: Destinations, tenant_id: str, name: str, document: Mapping[str, Any]
) -> tuple[int, bool]:
    """Keep a new version of a schema; returns its number, and whether its table is there.

    Raises InvalidInput that names the path of a fault, also where the target exists and does not fit; Conflict for a
    name of the package's own, or when another call was quicker; DatabaseUnavailable where it cannot be looked at.
    """
    if name in BUILTIN:
        raise Conflict(f"The schema '{name}' ships with Tolva and cannot be changed; give yours another name.")
    if document.get("name", name) != name:
        raise InvalidInput(f"name: is {document['name']!r}, but the schema is kept as {name!r}")
    read_name(name, "name")
    schema = load_schema({**document, "name": name})
    _check_defaults(schema)
    if schema.tenanted and schema.target in {builtin_schema(own).target for own in BUILTIN}:
        raise InvalidInput(f"target: {schema.target!r} is a table of Tolva; name one of yours")
    ready = target_ready(conn, destinations, tenant_id, schema)
    if ready and schema.tenanted:
        check_apart(conn, schema)
    return _add(conn, tenant_id, name, {**document, "name": name}), ready


def _check_defaults(schema: Schema) -> None:
    """Each default must be a value that its field takes."""
    for number, field in enumerate(schema.fields):
        if field.default is None:
            continue
        alone = replace(schema, fields=(replace(field, source="params", required=False),))
        try:
            check_constants({field.name: field.default}, alone)
        except InvalidInput as error:
            raise InvalidInput(f"fields[{number}].default: {error}") from None


def withdraw_schema(conn: Connection, tenant_id: str, name: str) -> None:
    """Take no more uploads for a schema; those that were made, and its table, stay. Raises NotFound, Conflict."""
    if name in BUILTIN:
        raise Conflict(f"The schema '{name}' ships with Tolva and cannot be withdrawn.")
    schema_document(conn, name)
    _add(conn, tenant_id, name, None)


def _add(conn: Connection, tenant_id: str, name: str, document: Mapping[str, Any] | None) -> int:
    kept = None if document is None else Jsonb(dict(document))
    row = conn.execute(SQL["add_schema"], {"tenant_id": tenant_id, "name": name, "document": kept}).fetchone()
    if row is None:
        raise Conflict(f"Somebody else has just changed the schema '{name}'. Look at it, and try again.")
    return row["version"]
