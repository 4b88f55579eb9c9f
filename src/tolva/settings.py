"""Every setting, read once at the start from the environment, then never changed."""

import os
import re
from pathlib import Path
from typing import Annotated

import platformdirs
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from tolva.errors import SettingsError

DESTINATION = re.compile(r"[^/\s]+/[a-z][a-z0-9_]{0,49}")
DESTINATIONS_FORM = 'Write it as {"default/erp": "postgresql://user:password@host:port/database"}.'
DAY = 86_400.0
"""Seconds of a day."""


def default_data_dir() -> Path:
    """A folder of the user; for root one of the system, since PostgreSQL runs as somebody who may not enter /root."""
    if os.geteuid() == 0:
        return Path("/var/lib/tolva")
    return Path(platformdirs.user_data_dir("tolva", appauthor=False))


class Settings(BaseSettings):
    """All settings. Each is an environment variable: `TOLVA_` and its name, unless it has a name of its own."""

    model_config = SettingsConfigDict(
        env_prefix="TOLVA_", frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    """Folder of the embedded PostgreSQL, of stored files and of logs. Made when absent."""
    database_url: Annotated[str | None, Field(validation_alias=AliasChoices("DATABASE_URL", "DB_DSN"), repr=False)] = (
        None
    )
    """An external PostgreSQL (15 or later). Absent: the embedded one."""
    destinations: Annotated[dict[str, str], Field(repr=False)] = {}
    """Other databases that rows may go to, as JSON: `{"TENANT/NAME": "postgresql://…"}`. A schema names one."""
    s3_bucket_name: Annotated[
        str | None, Field(validation_alias="S3_BUCKET_NAME", pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    ] = None
    """Bucket of the stored files, made when absent. Absent: they lie in the data folder."""
    aws_endpoint_url: Annotated[str | None, Field(validation_alias="AWS_ENDPOINT_URL", pattern="^https?://")] = None
    """Who answers in place of AWS, such as `http://minio:9000`. Absent: AWS itself."""
    aws_default_region: Annotated[str, Field(validation_alias=AliasChoices("AWS_DEFAULT_REGION", "AWS_REGION"))] = (
        "us-east-1"
    )
    """Region of what is used of AWS."""
    aws_access_key_id: Annotated[str | None, Field(validation_alias="AWS_ACCESS_KEY_ID")] = None
    """Login at AWS. Absent: the role that the machine has there."""
    aws_secret_access_key: Annotated[str | None, Field(validation_alias="AWS_SECRET_ACCESS_KEY", repr=False)] = None
    """The secret that goes with AWS_ACCESS_KEY_ID."""
    aws_session_token: Annotated[str | None, Field(validation_alias="AWS_SESSION_TOKEN", repr=False)] = None
    """The token that goes with them, where the login is one that ends."""
    engine: str = "postgres"
    """How workers hear of jobs: `postgres` (processes of their own) or `inline` (threads of the API's process)."""
    host: str = "127.0.0.1"
    """Address that the API listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port that the API listens on."""
    api_processes: Annotated[int, Field(ge=1, le=64)] = Field(default_factory=lambda: min(os.cpu_count() or 1, 2))
    """API processes of `tolva up`, which share the port. With `inline`, always one."""
    processes: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=lambda: min(os.cpu_count() or 1, 4))
    """Worker processes. Each runs every queue's slots as threads. Not with `inline`."""
    lease_seconds: Annotated[float, Field(ge=2, le=3600)] = 10.0
    """How long a worker that went silent keeps its jobs."""
    grace_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """How long running jobs may take to stop by themselves when the worker is told to end."""
    process_memory_mb: Annotated[int, Field(ge=128)] = 2048
    """A worker process that grows over this is ended and its jobs go on elsewhere. Not with `inline`."""
    upload_max_mb: Annotated[int, Field(ge=1)] = 512
    """The largest upload that is accepted."""
    requests_per_second: Annotated[float, Field(ge=0, le=100_000)] = 50.0
    """How often one key may call each API process; four times as many may come at once. 0: as often as it likes."""
    statement_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 30.0
    """How long one statement of the API may run before the call is answered with 503. Jobs have limits of their own."""
    audit_days: Annotated[float, Field(ge=1)] = 365.0
    """How long the audit log is kept."""
    retention_days: Annotated[float, Field(ge=1)] = 30.0
    """How long finished jobs, their events and uploads stay readable."""
    dead_letter_days: Annotated[float, Field(ge=7)] = 90.0
    """How long failed jobs, their dead letters, and events for webhooks that were set aside stay; at least as long as
    TOLVA_RETENTION_DAYS."""
    webhooks_private: bool = False
    """Whether webhooks may call addresses of this machine and its networks, so that whoever makes one reaches them."""
    default_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    """Currency (ISO 4217) of a product row that names none."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$", validation_alias="LOG_LEVEL")] = "INFO"
    """Least severity that is logged."""
    log_format: Annotated[str, Field(pattern="^(text|json)$")] = "text"
    """Form of the log: a line of `text`, or an object of `json`. Never guessed, so it looks alike wherever it goes."""


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with `overrides` (by field name) on top.

    Raises SettingsError that names every wrong variable; values are not repeated, since one may be a secret.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return _with_whole_login(_with_readable_dsn(Settings(**given)))  # pyright: ignore[reportArgumentType]
    except SourceError:
        raise SettingsError(f"TOLVA_DESTINATIONS is no JSON. {DESTINATIONS_FORM}") from None
    except ValidationError as error:
        faults = "; ".join(f"{_variable(fault['loc'][0])}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"Wrong settings. {faults}") from None


def _with_readable_dsn(settings: Settings) -> Settings:
    """Refuse an address or a name that cannot be read here, where no password is repeated."""
    try:
        conninfo_to_dict(settings.database_url or "")
    except ProgrammingError:
        raise SettingsError(
            "DATABASE_URL cannot be read. Write it as postgresql://user:password@host:port/database."
        ) from None
    try:
        for name, address in settings.destinations.items():
            conninfo_to_dict(address if DESTINATION.fullmatch(name) else "unreadable")
    except ProgrammingError:
        raise SettingsError(f"TOLVA_DESTINATIONS cannot be read. {DESTINATIONS_FORM}") from None
    return settings


def _with_whole_login(settings: Settings) -> Settings:
    """Refuse half a login, which would be taken for none."""
    if bool(settings.aws_access_key_id) != bool(settings.aws_secret_access_key):
        raise SettingsError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: set both, or neither.")
    return settings


def _variable(location: int | str) -> str:
    name = str(location)
    return name if name.isupper() else f"TOLVA_{name.upper()}"
