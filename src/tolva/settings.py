"""Every setting, read once at the start from the environment, then never changed."""

import logging
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

import platformdirs
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AliasChoices, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from tolva.errors import SettingsError

DESTINATION = re.compile(r"[^/\s]+/[a-z][a-z0-9_]{0,49}")
DESTINATIONS_FORM = 'Write it as {"default/erp": "postgresql://user:password@host:port/database"}.'
REDIS_FORM = "redis://:password@host:6379/0"
RABBIT_FORM = "amqp://user:password@host:5672"
BROKER_FORMS = {
    "REDIS_URL": (("redis", "rediss", "unix"), f"{REDIS_FORM}, with rediss:// for TLS"),
    "CELERY_BROKER_URL": (
        ("redis", "rediss", "sentinel", "amqp", "amqps", "pyamqp", "sqs"),
        f"{REDIS_FORM} (rediss:// for TLS), {RABBIT_FORM} (amqps:// for TLS) or sqs://",
    ),
    "DRAMATIQ_BROKER_URL": (
        ("redis", "rediss", "unix", "amqp", "amqps"),
        f"{REDIS_FORM} (rediss:// for TLS) or {RABBIT_FORM} (amqps:// for TLS)",
    ),
}
"""With what an address of a broker may begin, and an example."""
DAY = 86_400.0
"""Seconds of a day."""


def default_data_dir() -> Path:
    """A folder of the user; for root one of the system, since PostgreSQL runs as somebody who may not enter /root."""
    if os.geteuid() == 0:
        return Path("/var/lib/tolva")
    return Path(platformdirs.user_data_dir("tolva", appauthor=False))


def _routes(given: object) -> object:
    """`a=x,b_*=y` as a mapping.

    >>> _routes("drive_sync=dramatiq, imports_*=celery")
    {'drive_sync': 'dramatiq', 'imports_*': 'celery'}
    """
    if not isinstance(given, str):
        return given
    pairs = [pair.partition("=") for pair in given.split(",") if pair.strip()]
    if not all(queue.strip() and engine.strip() for queue, _, engine in pairs):
        raise ValueError("write it as queue=engine,queue=engine; * in a queue's name stands for anything")
    return {queue.strip(): engine.strip() for queue, _, engine in pairs}


def _level(given: object) -> object:
    """The name of a level: Celery puts the number of its own into the environment of its processes.

    >>> _level("20")
    'INFO'
    """
    return logging.getLevelName(int(given)) if isinstance(given, str) and given.isdecimal() else given


class Settings(BaseSettings):
    """All settings. Each is an environment variable: `TOLVA_` and its name, unless it has a name of its own.

    An empty variable counts as not set: whoever passes variables on, as compose files do, cannot leave one out.
    """

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
    engine: str = "postgres"
    """How workers hear of jobs: `postgres` (nothing else is needed), `redis`, `sqs`, `celery`, `dramatiq`, or `inline`
    (no workers: threads of the API's process)."""
    engines: Annotated[dict[str, str], NoDecode, BeforeValidator(_routes)] = {}
    """Engines of single queues, as `bulk_upload=celery,web*=dramatiq`; the first that fits counts, and
    TOLVA_ENGINE for all others."""
    imports_runner_mode: Annotated[
        str | None, Field(validation_alias="IMPORTS_RUNNER_MODE", pattern="^(inline|celery)$")
    ] = None
    """The engine of the queues `imports_*`, where TOLVA_ENGINES names none: `inline` or `celery`."""
    redis_url: Annotated[str | None, Field(validation_alias="REDIS_URL", repr=False)] = None
    """A Redis server (6.2 or later) for the engines `redis`, `celery` and `dramatiq`; also wakes live streams."""
    redis_password: Annotated[str | None, Field(validation_alias="REDIS_PASSWORD", repr=False)] = None
    """Its password, where REDIS_URL has none."""
    aws_endpoint_url: Annotated[str | None, Field(validation_alias="AWS_ENDPOINT_URL", pattern="^https?://")] = None
    """Whatever speaks the protocols of Amazon's SQS and S3, as `http://minio:9000`. Absent: Amazon itself."""
    aws_region: Annotated[str | None, Field(validation_alias="AWS_DEFAULT_REGION")] = None
    """Amazon's region. Absent: `us-east-1`, for S3."""
    aws_access_key_id: Annotated[str | None, Field(validation_alias="AWS_ACCESS_KEY_ID")] = None
    """Login at Amazon. Absent: the role that the machine has there."""
    aws_secret_access_key: Annotated[str | None, Field(validation_alias="AWS_SECRET_ACCESS_KEY", repr=False)] = None
    """The secret that goes with AWS_ACCESS_KEY_ID."""
    aws_session_token: Annotated[str | None, Field(validation_alias="AWS_SESSION_TOKEN", repr=False)] = None
    """The token that goes with them, where the login is one that ends."""
    sqs_queue_name: Annotated[str, Field(validation_alias="SQS_QUEUE_NAME", pattern="^[A-Za-z0-9_-]{1,75}$")] = (
        "medisupply-bulk-upload-queue"
    )
    """What the queue `bulk_upload` is called in SQS."""
    sqs_prefix: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{0,40}$")] = "tolva-"
    """What stands before the names of all other queues in SQS."""
    s3_events_queue_name: Annotated[
        str | None, Field(validation_alias="S3_EVENTS_QUEUE_NAME", pattern="^[A-Za-z0-9_-]{1,80}$")
    ] = None
    """Queue in SQS that buckets tell of new files: those under `incoming/SCHEMA/` are loaded. It must be there."""
    inbox_tenant: Annotated[str, Field(min_length=1, max_length=200)] = "default"
    """Whose those files are."""
    celery_broker_url: Annotated[str | None, Field(validation_alias="CELERY_BROKER_URL", repr=False)] = None
    """Celery's broker: `redis://…`, `amqp://…` (RabbitMQ) or `sqs://`. Absent: REDIS_URL."""
    celery_result_backend: Annotated[str | None, Field(validation_alias="CELERY_RESULT_BACKEND", repr=False)] = None
    """Where Celery notes how its tasks ended. Absent: nowhere, since jobs know it themselves."""
    celery_task_serializer: Annotated[
        str, Field(validation_alias="CELERY_TASK_SERIALIZER", pattern="^(json|yaml|msgpack)$")
    ] = "json"
    """Form of Celery's messages. Not `pickle`, which lets whoever reaches the broker run code."""
    celery_result_serializer: Annotated[
        str, Field(validation_alias="CELERY_RESULT_SERIALIZER", pattern="^(json|yaml|msgpack)$")
    ] = "json"
    """Form of what Celery notes in CELERY_RESULT_BACKEND."""
    celery_timezone: Annotated[str, Field(validation_alias="CELERY_TIMEZONE")] = "America/Sao_Paulo"
    """Time zone of Celery's own clock."""
    celery_worker_concurrency: Annotated[int, Field(validation_alias="CELERY_WORKER_CONCURRENCY", ge=1, le=256)] = 4
    """Processes of one Celery worker."""
    celery_worker_max_tasks_per_child: Annotated[
        int, Field(validation_alias="CELERY_WORKER_MAX_TASKS_PER_CHILD", ge=1)
    ] = 1000
    """Tasks after which such a process is replaced."""
    celery_task_soft_time_limit: Annotated[
        float, Field(validation_alias="CELERY_TASK_SOFT_TIME_LIMIT", ge=1, le=86_400)
    ] = 300.0
    """Seconds after which Celery interrupts a task of your own beside ours, which have the limits of their queues."""
    celery_task_time_limit: Annotated[float, Field(validation_alias="CELERY_TASK_TIME_LIMIT", ge=1, le=86_400)] = 600.0
    """Seconds after which Celery ends the process of such a task."""
    celery_result_expires: Annotated[float, Field(validation_alias="CELERY_RESULT_EXPIRES", ge=1)] = 3600.0
    """Seconds that what Celery notes is kept."""
    celery_log_level: Annotated[
        str,
        Field(validation_alias="CELERY_LOG_LEVEL", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$"),
        BeforeValidator(_level),
    ] = "INFO"
    """Least severity that a Celery worker logs."""
    dramatiq_broker_url: Annotated[str | None, Field(validation_alias="DRAMATIQ_BROKER_URL", repr=False)] = None
    """Dramatiq's broker: `redis://…` or `amqp://…` (RabbitMQ). Absent: REDIS_URL."""
    flower_port: Annotated[int, Field(validation_alias="FLOWER_PORT", ge=1, le=65535)] = 5555
    """Port of Flower, for `tolva up --flower` and `tolva flower`. It listens on TOLVA_HOST."""
    flower_basic_auth: Annotated[
        str | None,
        Field(validation_alias="FLOWER_BASIC_AUTH", repr=False, pattern="^[^:,]+:[^,]+(,[^:,]+:[^,]+)*$"),
    ] = None
    """Who may see Flower, as `user:password`, several with commas between. Needed where other machines reach it."""
    flower_url_prefix: Annotated[str, Field(validation_alias="FLOWER_URL_PREFIX")] = "/flower"
    """Path below which Flower answers."""
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
    process_jobs: Annotated[int, Field(ge=0)] = 0
    """Jobs after which a worker process is replaced by a fresh one, against whatever leaks; 0: never. It stays beside
    the fresh one until its last job has ended. Not with `inline`; Celery has CELERY_WORKER_MAX_TASKS_PER_CHILD."""
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

    @property
    def redis(self) -> str | None:
        """Address of the Redis server, with its password; None when none is set."""
        if not self.redis_url or not self.redis_password:
            return self.redis_url
        parts = urlsplit(self.redis_url)
        if parts.password:
            return self.redis_url
        login = f"{parts.username or ''}:{quote(self.redis_password, safe='')}@"
        return parts._replace(netloc=login + parts.netloc.rpartition("@")[2]).geturl()

    @property
    def celery_broker(self) -> str | None:
        """Address of Celery's broker; None when none is set."""
        return self.celery_broker_url or self.redis

    @property
    def dramatiq_broker(self) -> str | None:
        """Address of Dramatiq's broker; None when none is set."""
        return self.dramatiq_broker_url or self.redis


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with `overrides` (by field name) on top.

    Raises SettingsError that names every wrong variable; values are not repeated, since one may be a secret.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return _checked(Settings(**given))  # pyright: ignore[reportArgumentType]
    except SourceError:
        raise SettingsError(f"TOLVA_DESTINATIONS is no JSON. {DESTINATIONS_FORM}") from None
    except ValidationError as error:
        faults = "; ".join(f"{_variable(fault['loc'][0])}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"Wrong settings. {faults}") from None


def _checked(settings: Settings) -> Settings:
    """Refuse what only fails later otherwise, and here no password is repeated. Raises SettingsError."""
    _require_readable_dsn(settings)
    _require_readable_brokers(settings)
    _require_whole_login(settings)
    return settings


def _require_readable_dsn(settings: Settings) -> None:
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


def _require_readable_brokers(settings: Settings) -> None:
    given = (settings.redis_url, settings.celery_broker_url, settings.dramatiq_broker_url)
    for (variable, (schemes, form)), address in zip(BROKER_FORMS.items(), given, strict=True):
        if address and not all(_is_address(each, schemes) for each in address.split(";")):  # Celery takes several
            raise SettingsError(
                f"{variable} cannot be read. Write it as {form}; in a password, write / as %2F, # as %23, ? as %3F."
            )


def _is_address(text: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(text.strip())
        return parts.scheme in schemes and text.strip()[len(parts.scheme) :].startswith("://") and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def _require_whole_login(settings: Settings) -> None:
    """Half a login would be taken for none."""
    if bool(settings.aws_access_key_id) != bool(settings.aws_secret_access_key):
        raise SettingsError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: set both, or neither.")


def _variable(location: int | str) -> str:
    name = str(location)
    return name if name.isupper() else f"TOLVA_{name.upper()}"
