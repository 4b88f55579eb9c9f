"""The composition root: the only place that knows all the parts and puts them together."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from tolva import __version__
from tolva.connectors.blobs import Blobs
from tolva.connectors.destinations import Destinations
from tolva.core.ports import Engine, QueueSlots
from tolva.db.embedded.use import use
from tolva.db.faults import translated
from tolva.db.migrate import Migration, find_migrations, migrate, pending, refuse_missing, require_migrated
from tolva.db.pool import APP_ROLE, Database
from tolva.engines import make_engine
from tolva.errors import Conflict, SettingsError
from tolva.jobs.catalogue import Catalogue, make_catalogue
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.upkeep import Chore, standard_chores
from tolva.jobs.work import Jobs
from tolva.settings import DAY, Settings
from tolva.tables.schema import Schema
from tolva.web.access.asking import SCHEMES
from tolva.web.access.caller import Role
from tolva.web.access.gate import Gate
from tolva.web.access.origin import is_loopback
from tolva.web.access.pace import Pace
from tolva.web.access.upkeep import access_chores
from tolva.web.api.faces import uniform_api
from tolva.web.api.job_view import job_view
from tolva.web.health import health_router, ready_router
from tolva.web.live.hub import Hub
from tolva.web.metrics import metrics_router
from tolva.web.middleware.access_log import log_exchange
from tolva.web.middleware.bodies import Bodies
from tolva.web.middleware.headers import SecurityHeaders
from tolva.web.middleware.linger import Linger
from tolva.web.middleware.meter import HttpMeter
from tolva.web.middleware.unexpected import Unexpected
from tolva.web.openapi import ABOUT, describe
from tolva.web.pages.assets import Static
from tolva.web.pages.deeds import DEEDS
from tolva.web.pages.faults import fault_pages
from tolva.web.pages.panel import Panels
from tolva.web.pages.routes import FIRST, THEN, page_routers
from tolva.web.pages.shell import Shell
from tolva.web.problems import ALWAYS, answer_errors
from tolva.web.server.application import Api
from tolva.web.upkeep import request_chores
from tolva.workloads import WORKLOADS
from tolva.workloads.intake.schemas import target_ddl


@dataclass(frozen=True)
class Server:
    """The PostgreSQL in use: `dsn` for the application, `admin_dsn` to migrate. Both may hold a password."""

    dsn: str = field(repr=False)
    admin_dsn: str = field(repr=False)
    embedded: bool


@contextmanager
def server(settings: Settings) -> Generator[Server]:
    """PostgreSQL: the one of DATABASE_URL, or the embedded one, running for as long as the context is open."""
    if settings.database_url:
        yield Server(settings.database_url, settings.database_url, embedded=False)
        return
    with use(settings.data_dir) as here:
        yield Server(here.dsn, here.admin_dsn, embedded=True)


def migrations() -> list[Migration]:
    """All migrations, in the order of their modules."""
    packages = [
        "tolva.db",
        "tolva.jobs",
        "tolva.web",
        "tolva.web.access",
        *(workload.package for workload in WORKLOADS),
    ]
    return [migration for package in packages for migration in find_migrations(package)]


def bring_up_to_date(server: Server) -> list[Migration]:
    """Apply what is missing; returns it. Raises SettingsError, DatabaseUnavailable."""
    applied = migrate(server.admin_dsn, migrations())
    if server.embedded:
        with translated(), psycopg.connect(server.admin_dsn, autocommit=True) as conn:
            conn.execute(f"GRANT {APP_ROLE} TO tolva")
    return applied


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


def require_up_to_date(server: Server) -> None:
    """Raises SettingsError when migrations are missing, DatabaseUnavailable."""
    refuse_missing(pending(server.admin_dsn, migrations()))


def prepare(server: Server) -> None:
    """For a process that serves: the embedded database is brought up to date, another one must be already."""
    if server.embedded:
        bring_up_to_date(server)
    else:
        require_up_to_date(server)


def metrics_folder(settings: Settings) -> Path:
    """Where the processes of this machine count."""
    return settings.data_dir / "metrics"


def blobs(settings: Settings) -> Blobs:
    """The store of files."""
    return Blobs(settings.data_dir / "files")


def destinations(settings: Settings) -> Destinations:
    """The other databases that rows may go to."""
    return Destinations(settings.destinations)


def catalogue(settings: Settings) -> Catalogue:
    """All kinds of job."""
    stored = blobs(settings)
    return make_catalogue([handler for workload in WORKLOADS for handler in workload.handlers(settings, stored)])


def chores(settings: Settings, queues: Sequence[str], db: Database, engine: Engine) -> list[Chore]:
    """What upkeep does."""
    stored = blobs(settings)
    kept = {"keep_finished": settings.retention_days * DAY, "keep_failed": settings.dead_letter_days * DAY}
    own = [chore for workload in WORKLOADS for chore in workload.chores(settings, db, stored)]
    of_calls = [*access_chores(db, settings.audit_days * DAY), *request_chores(db)]
    return [*standard_chores(db, engine, queues, **kept), *of_calls, *own]


def worker_plan(settings: Settings, server: Server, slots: Sequence[QueueSlots] = ()) -> WorkerPlan:
    """A worker for these queues, or for all of them with the slots that each suggests."""
    every = tuple(QueueSlots(queue.name, queue.slots) for queue in catalogue(settings).queues.values())
    served = tuple(slots) or every
    return WorkerPlan(
        dsn=server.dsn,
        queues=served,
        make_catalogue=partial(catalogue, settings),
        make_engine=partial(make_engine, settings.engine),
        make_chores=partial(chores, settings, [each.queue for each in served]),
        processes=settings.processes,
        lease=settings.lease_seconds,
        grace=settings.grace_seconds,
        memory_mb=settings.process_memory_mb,
        log_level=settings.log_level,
        log_format=settings.log_format,
        metrics=metrics_folder(settings),
    )


@contextmanager
def jobs(settings: Settings, server: Server, name: str, statement: float | None = None) -> Generator[Jobs]:
    """The job core, for a command or the API, each of whose statements may run for `statement` seconds."""
    with Database(server.dsn, name=name, statement=statement) as db:
        yield Jobs(db, make_engine(settings.engine, db), catalogue(settings))


def live(jobs: Jobs) -> Hub:
    """The live streams of an API process."""
    return Hub(jobs.db, job_view)


def make_api(settings: Settings, jobs: Jobs, hub: Hub, stopping: Callable[[], bool] = lambda: False) -> FastAPI:
    """The HTTP application. `stopping`: whether its process was told to end."""
    api = Api((log_exchange, HttpMeter().count), **ABOUT, version=__version__, docs_url=None, redoc_url=None)
    api.state.gate = gate(settings, jobs.db)  # where the dependencies of endpoints find it
    shell = make_shell()
    as_page = fault_pages(shell, api.state.gate)
    answer_errors(api, as_page)
    for middleware in (partial(Unexpected, as_page=as_page), Bodies, GZipMiddleware, Linger, SecurityHeaders):
        api.add_middleware(middleware)  # each around the ones before it
    describe(api)
    stored = blobs(settings)
    stored.prepare()
    calls = [each for workload in WORKLOADS for each in workload.routers(settings, jobs, stored)]
    for router in (*uniform_api(jobs, hub, api.state.gate), *calls, metrics_router(jobs.db, api.state.gate)):
        api.include_router(router, dependencies=SCHEMES, responses=ALWAYS)
    ready = ready_router(partial(require_migrated, jobs.db, migrations()), stopping)
    deeds = [*DEEDS, *(deed for workload in WORKLOADS for deed in workload.deeds)]
    panels = Panels([panel for workload in WORKLOADS for panel in workload.panels])
    pages = [each for workload in WORKLOADS for each in workload.pages(settings, jobs, stored, shell)]
    for router in (
        health_router(jobs.db),
        ready,
        *page_routers(shell, api.state.gate, jobs, panels, deeds, hub),
        *pages,
    ):
        api.include_router(router)
    api.mount("/static", Static())
    return api


def make_shell() -> Shell:
    """What every page has around it."""
    packages = ["tolva.web.pages", *(workload.package for workload in WORKLOADS if workload.nav or workload.panels)]
    nav = [*FIRST, *(item for workload in WORKLOADS for item in workload.nav), *THEN]
    return Shell(packages, sorted(nav, key=lambda item: item.needs == Role.ADMIN))  # what few see comes last


def gate(settings: Settings, db: Database) -> Gate:
    """Who may call the API of these settings."""
    return Gate(db, is_loopback(settings.host), Pace(settings.requests_per_second))
