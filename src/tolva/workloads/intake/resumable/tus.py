"""The words of tus 1.0 (https://tus.io/protocols/resumable-upload), the protocol of uploads that go on."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from email.utils import format_datetime
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from tolva.errors import InvalidInput
from tolva.tables.suggest import perhaps_meant
from tolva.workloads.intake.announced import Said

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PIECE_TYPE = "application/offset+octet-stream"
FILENAME = "filename"
DRY_RUN = "dry_run"
CORRECTS = "corrects"
KNOWN = (FILENAME, *(field.name for field in fields(Said)))
THEIRS = ("name", "type", "filetype", "relativePath")
"""What clients add by themselves, and nobody here needs."""
YES_OR_NO = TypeAdapter(bool)
"""Reads it as the address of `POST /uploads` is read."""


def parse_metadata(text: str) -> dict[str, str]:
    """What the header Upload-Metadata says. Raises InvalidInput.

    >>> parse_metadata("filename bGlzdGEuY3N2, dry_run dHJ1ZQ==, filetype dGV4dC9jc3Y=")
    {'filename': 'lista.csv', 'dry_run': 'true'}
    """
    pairs = (pair.strip().partition(" ") for pair in text.split(",") if pair.strip())
    found = {name: _decoded(name, value.strip()) for name, _, value in pairs if name not in THEIRS}
    if unknown := next((name for name in found if name not in KNOWN), None):
        hint = perhaps_meant(unknown, list(KNOWN))
        raise InvalidInput(f'Upload-Metadata has no "{unknown}".{hint} It takes: {", ".join(KNOWN)}.')
    return found


def said_in(metadata: Mapping[str, str]) -> Said:
    """The same as a call says it in its address. Raises InvalidInput.

    >>> said_in({"filename": "lista.csv", "schema": "prices", "dry_run": "yes"})
    Said(schema='prices', params=None, dry_run=True, mapping=None, read=None, corrects=None)
    """
    told = {name: value for name, value in metadata.items() if name not in (FILENAME, DRY_RUN, CORRECTS)}
    return Said(**told, dry_run=_yes(metadata.get(DRY_RUN, "false")), corrects=_upload(metadata.get(CORRECTS)))


def _yes(told: str) -> bool:
    """What is neither would be a load that nobody wanted, or none."""
    try:
        return YES_OR_NO.validate_strings(told)
    except ValidationError:
        raise InvalidInput(f'dry_run: it takes true or false in base64, not "{told}".') from None


def _upload(id: str | None) -> UUID | None:
    try:
        return UUID(id) if id else None
    except ValueError:
        raise InvalidInput("corrects: it takes the id of an upload.") from None


def http_date(moment: datetime) -> str:
    """As headers tell the time.

    >>> http_date(datetime(2026, 3, 1, 12, tzinfo=UTC))
    'Sun, 01 Mar 2026 12:00:00 GMT'
    """
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _decoded(name: str, value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidInput(f'Upload-Metadata: the value of "{name}" is not base64 of UTF-8.') from None
