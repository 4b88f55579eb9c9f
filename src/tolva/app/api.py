"""The HTTP application: calls and pages of all the parts, and what every request passes."""

from collections.abc import Callable, Iterable
from functools import partial

from fastapi import APIRouter, FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from tolva import __version__
from tolva.app.database import migrations
from tolva.app.stores import blobs
from tolva.connectors.blobs import Blobs
from tolva.db.migrate import require_migrated
from tolva.db.pool import Database
from tolva.engines import ways
from tolva.engines.news import Ears
from tolva.engines.routes import routes_of
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web.access.asking import SCHEMES
from tolva.web.access.caller import Role
from tolva.web.access.gate import Gate
from tolva.web.access.origin import is_loopback
from tolva.web.access.pace import Pace
from tolva.web.access.roll import Roll
from tolva.web.answering import answer_errors
from tolva.web.api.faces import uniform_api
from tolva.web.api.job_view import job_view
from tolva.web.health import ask_database, health_router
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
from tolva.web.parameters import KNOWN_ALONE
from tolva.web.problems import ALWAYS
from tolva.web.ready import ready_router
from tolva.web.server.application import Api
from tolva.web.vitals import Vitals
from tolva.workloads import WORKLOADS


def make_api(settings: Settings, jobs: Jobs, hub: Hub, stopping: Callable[[], bool] = lambda: False) -> FastAPI:
    """The HTTP application. `stopping`: whether its process was told to end."""
    api = Api((log_exchange, HttpMeter().count), **ABOUT, version=__version__, docs_url=None, redoc_url=None)
    api.state.gate = gate(settings, jobs.db)  # where the dependencies of endpoints find it
    shell = make_shell()
    _surround(api, shell)
    describe(api)
    stored = blobs(settings)
    stored.prepare()
    for router in _calls(settings, jobs, stored, hub, api.state.gate):
        api.include_router(router, dependencies=(*SCHEMES, KNOWN_ALONE), responses=ALWAYS)
    parts = {"database": partial(ask_database, jobs.db), "blobs": stored.answers}
    api.include_router(health_router(Vitals(jobs, routes_of(settings), parts), api.state.gate))
    api.include_router(metrics_router(jobs.db, api.state.gate))
    api.include_router(ready_router(partial(require_migrated, jobs.db, migrations()), stopping))
    for router in _pages(settings, jobs, stored, hub, api.state.gate, shell):
        api.include_router(router)
    api.mount("/static", Static())
    return api


def _surround(api: Api, shell: Shell) -> None:
    """What every request passes before and after its endpoint."""
    as_page = fault_pages(shell, api.state.gate)
    answer_errors(api, as_page)
    for middleware in (partial(Unexpected, as_page=as_page), Bodies, GZipMiddleware, Linger, SecurityHeaders):
        api.add_middleware(middleware)  # each around the ones before it


def _calls(settings: Settings, jobs: Jobs, stored: Blobs, hub: Hub, gate: Gate) -> Iterable[APIRouter]:
    own = (each for workload in WORKLOADS for each in workload.routers(settings, jobs, stored))
    return (*uniform_api(jobs, hub, gate), *own)


def _pages(settings: Settings, jobs: Jobs, stored: Blobs, hub: Hub, gate: Gate, shell: Shell) -> Iterable[APIRouter]:
    deeds = [*DEEDS, *(deed for workload in WORKLOADS for deed in workload.deeds)]
    panels = Panels([panel for workload in WORKLOADS for panel in workload.panels])
    own = (each for workload in WORKLOADS for each in workload.pages(settings, jobs, stored, shell, panels))
    return (*page_routers(shell, gate, jobs, panels, deeds, hub), *own)


def make_shell() -> Shell:
    """What every page has around it."""
    packages = ["tolva.web.pages", *(workload.package for workload in WORKLOADS if workload.nav or workload.panels)]
    nav = [*FIRST, *(item for workload in WORKLOADS for item in workload.nav), *THEN]
    return Shell(packages, sorted(nav, key=lambda item: item.needs == Role.ADMIN))  # what few see comes last


def gate(settings: Settings, db: Database) -> Gate:
    """Who may call the API of these settings."""
    return Gate(db, is_loopback(settings.host), Pace(settings.requests_per_second), Roll(db))


def live(settings: Settings, jobs: Jobs) -> Hub:
    """The live streams of an API process."""
    return Hub(jobs.db, job_view, Ears(ways(settings, jobs.db)))
