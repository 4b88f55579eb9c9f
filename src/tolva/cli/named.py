"""A schema by its name, or by the path of its document."""

import json
from pathlib import Path
from typing import Any, cast

from tolva.cli.console import settings_for
from tolva.cli.opened import opened
from tolva.errors import InvalidInput
from tolva.tables.document import BUILTIN, builtin_schema, load_schema
from tolva.tables.schema import Schema
from tolva.workloads.intake.schemas import configured_defaults, find_schema, with_configured


def named_schema(name: str, data_dir: Path | None, tenant: str) -> Schema:
    """One that ships with Tolva, of a document, or of the database: only this needs one, and never makes it.

    Raises InvalidInput, NotFound, DatabaseUnavailable.
    """
    if name in BUILTIN:
        return with_configured(builtin_schema(name), 0, configured_defaults(settings_for(data_dir)))
    if name.endswith(".json"):
        return load_schema(read_document(Path(name)))
    settings = settings_for(data_dir)
    if not settings.database_url and not (settings.data_dir / "postgres" / "data").exists():
        raise InvalidInput(
            f"There is no schema '{name}', and no database to look for it in {settings.data_dir}. Without one: "
            f"{', '.join(BUILTIN)}, or the path of a schema's document (.json)."
        )
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        return find_schema(conn, name)[0]


def read_document(file: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises InvalidInput."""
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"{file} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidInput(f"{file} holds no JSON object.")
    return cast("dict[str, Any]", document)
