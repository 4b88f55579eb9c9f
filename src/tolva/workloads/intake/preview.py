"""How a stored file is read, and where its columns would go: for the user to confirm or correct before a load."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.tables.column_choices import Choices
from tolva.tables.currency import currency_notes
from tolva.tables.map import propose_mapping
from tolva.tables.notation import Notation, detect_notation
from tolva.tables.outline import outline
from tolva.tables.own_columns import is_own
from tolva.tables.proposal import SURE, Match
from tolva.tables.propose import Column, note_of, propose_columns
from tolva.tables.reading.beginning import Beginning, has_more
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.source import Source
from tolva.tables.reading.watch import unwatched
from tolva.tables.schema import Schema
from tolva.workloads.intake.accept import upload_options
from tolva.workloads.intake.doubt_notes import doubt_notes
from tolva.workloads.intake.first_rows import first_rows
from tolva.workloads.intake.mappings import describe_match
from tolva.workloads.intake.opening import open_file
from tolva.workloads.intake.schemas import find_schema, with_configured
from tolva.workloads.intake.settled import Settled, foretold, settle
from tolva.workloads.intake.stored import require_upload

LOOKED = 100_000
"""Rows that tell how numbers and dates are written, while somebody waits for the answer: some tenths of a second."""


def preview(
    db: Database,
    blobs: Blobs,
    tenant_id: str,
    job_id: JobId,
    scratch: Path,
    defaults: Mapping[str, str],
    schema_name: str | None = None,
    options: ReadOptions | None = None,
    said: Choices | None = None,
) -> dict[str, Any]:
    """The preview of an upload, for its own schema, options and answers, or for others.

    `defaults` are those that settings say, by field. Costs what opening the file does, and a look at its first rows.
    Raises NotFound, and what a load would.
    """
    with db.transaction(tenant_id) as conn:
        upload = require_upload(conn, job_id)
        name, version = (schema_name, None) if schema_name else (upload["schema"], upload["schema_version"])
        schema = with_configured(*find_schema(conn, name, version), defaults)
    options = options or ReadOptions(**upload["options"].get("read", {}))
    source = open_file(upload, schema, blobs, scratch, unwatched, options)
    shape = outline(source)
    answers: Choices = upload["options"].get("mapping", {}) if said is None else said
    with db.transaction(tenant_id) as conn:
        settled = None if schema_name else foretold(conn, upload, upload_options(options, answers))
        if settled is None:
            settled = settle(conn, upload, schema, source, shape, answers, options.locale)
    return describe(source, settled.read(schema.in_locale(options.locale)), settled.mapping, LOOKED, answers, settled)


def describe(
    source: Source,
    schema: Schema,
    chosen: dict[str, str | None],
    looked: int | None = None,
    said: Choices | None = None,
    settled: Settled | None = None,
) -> dict[str, Any]:
    """An opened file as a JSON object: findings, columns with their fields, and what stands in the way of a load.

    All its rows tell how numbers and dates are written, or the first ones: so many are `looked` at, once or twice.
    What is `chosen` but not `said` was remembered; so was the locale of `settled`, which the schema is in.
    Raises InvalidInput when what was chosen is not there.
    """
    proposal = propose_mapping(source.headers, schema, chosen)
    matches = {match.column: match for match in proposal.matches}
    notations = detect_notation(Beginning(source, looked) if looked else source, proposal.sure, schema)
    hows = {m.column: describe_match(m, source.headers, chosen if said is None else said) for m in proposal.matches}
    columns = [
        (n, column) for n, column in enumerate(propose_columns(source)) if n in matches or not is_own(column.header)
    ]
    seen = [_column(c, matches.get(number), notations) | {"how": hows.get(number)} for number, c in columns]
    signs = {field: found.signs for field, found in notations.items()}
    doubtful = any(found.undecided or found.separated or found.declared for found in notations.values())
    among = looked if looked and doubtful and has_more(source, looked) else None
    doubts = doubt_notes(proposal.sure, notations, settled, among)
    notes = [*source.findings.notes, *doubts, *currency_notes(proposal.sure, schema)]
    asked = {"problem": proposal.problem, "questions": [question.to_json() for question in proposal.questions]}
    rows = first_rows(source, proposal.decided, schema, signs)
    defaults = {field.name: field.default for field in schema.file_fields if field.default is not None}
    told = {"notes": notes, "columns": seen, "schema": schema.name, "rows": rows, "defaults": defaults}
    told |= {"remembered_locale": settled and settled.locale}
    return source.findings.to_json() | told | asked


def _column(column: Column, match: Match | None, notations: Mapping[str, Notation]) -> dict[str, Any]:
    """A column as it looks; where it feeds a field, its numbers and dates are as `notations`."""
    if match and match.confidence >= SURE:
        column = replace(column, note=note_of(notations[match.field]) if match.field in notations else None)
    where = {"field": match.field, "confidence": match.confidence} if match else {"field": None, "confidence": None}
    return asdict(column) | where
