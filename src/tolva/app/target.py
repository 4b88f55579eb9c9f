"""A schema's table, made by whoever owns the database where it belongs."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg

from tolva.app.database import Server
from tolva.app.stores import destinations
from tolva.db.faults import translated
from tolva.errors import Conflict, SettingsError
from tolva.settings import Settings
from tolva.tables.schema import Schema
from tolva.workloads.intake.schemas import target_ddl


def make_target(settings: Settings, server: Server, tenant_id: str, schema: Schema) -> None:
    """Make the table of a schema. Raises Conflict when there is one, SettingsError, DatabaseUnavailable."""
    with _owner(settings, server, tenant_id, schema) as conn:
        try:
            conn.execute(cast(LiteralString, target_ddl(schema)), prepare=False)
        except psycopg.errors.DuplicateTable as error:
            raise Conflict(f"The table is there already: {error.diag.message_primary}.") from error


@contextmanager
def _owner(settings: Settings, server: Server, tenant_id: str, schema: Schema) -> Generator[psycopg.Connection[Any]]:
    """A connection that may make a schema's table, to the database where it belongs."""
    if schema.destination:
        with destinations(settings).connect(tenant_id, schema.destination) as conn:
            yield conn
        return
    with translated(), psycopg.connect(server.admin_dsn) as conn:
        try:
            yield conn
        except psycopg.errors.InsufficientPrivilege as error:
            raise SettingsError(
                f"The login of DATABASE_URL may not make the table: {error.diag.message_primary}."
            ) from error
