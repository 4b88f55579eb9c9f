"""What jobs there are, who runs them, and what keeps them in order."""

from collections.abc import Collection, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from tolva.app.database import Server
from tolva.app.stores import blobs, metrics_folder
from tolva.core.ports import QueueSlots
from tolva.db.pool import Database
from tolva.engines import ENGINES, HOSTED, INSIDE, make_engine, require_known, require_usable
from tolva.engines.routes import routes_of
from tolva.errors import SettingsError
from tolva.jobs.catalogue import Catalogue, make_catalogue
from tolva.jobs.inbox import Inbox
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.upkeep import Chore, standard_chores
from tolva.jobs.work import Jobs
from tolva.settings import DAY, Settings
from tolva.web.access.upkeep import access_chores
from tolva.web.upkeep import request_chores
from tolva.workloads import WORKLOADS


def catalogue(settings: Settings) -> Catalogue:
    """All kinds of job."""
    stored = blobs(settings)
    return make_catalogue([handler for workload in WORKLOADS for handler in workload.handlers(settings, stored)])


@contextmanager
def jobs(settings: Settings, server: Server, name: str, statement: float | None = None) -> Generator[Jobs]:
    """The job core, for a command or the API, each of whose statements may run for `statement` seconds."""
    with Database(server.dsn, name=name, statement=statement) as db, closing(make_engine(settings, db)) as engine:
        yield Jobs(db, engine, catalogue(settings))


@dataclass(frozen=True)
class Shares:
    """Who runs the jobs of which queues: the API's process, our workers, or Celery's."""

    inside: tuple[QueueSlots, ...]
    own: tuple[QueueSlots, ...]
    celery: tuple[QueueSlots, ...]


def shares(settings: Settings, slots: Sequence[QueueSlots] = ()) -> Shares:
    """These queues, or all of them with the slots that each suggests, by who runs them. Raises SettingsError."""
    require_known(settings)
    routes = routes_of(settings)
    every = slots or [QueueSlots(queue.name, queue.slots) for queue in catalogue(settings).queues.values()]

    def of(engines: Collection[str]) -> tuple[QueueSlots, ...]:
        return tuple(each for each in every if routes.engine_of(each.queue) in engines)

    return Shares(of(INSIDE), of(ENGINES.keys() - INSIDE - HOSTED), of(HOSTED))


def require_servable(settings: Settings, served: Sequence[str] = ()) -> None:
    """What is told before anything is started, rather than by each process again and again.

    Raises SettingsError where TOLVA_ENGINES names a queue that there is not, or an engine that serves these queues, or
    all, lacks a package or a setting.
    """
    queues = catalogue(settings).queues
    if unknown := [name for name in settings.engines if not set("*?[") & set(name) and name not in queues]:
        raise SettingsError(
            f"TOLVA_ENGINES names what no queue is called: {', '.join(unknown)}. The queues are: {', '.join(queues)}."
        )
    require_usable(settings, routes_of(settings).by_engine(list(served or queues)))


def worker_plan(settings: Settings, server: Server, served: Sequence[QueueSlots]) -> WorkerPlan:
    """A worker for these queues."""
    return WorkerPlan(
        dsn=server.dsn,
        queues=tuple(served),
        make_catalogue=partial(catalogue, settings),
        make_engine=partial(make_engine, settings),
        make_chores=partial(_chores, settings, [each.queue for each in served]),
        make_inboxes=partial(inboxes, settings),
        processes=settings.processes,
        lease=settings.lease_seconds,
        grace=settings.grace_seconds,
        memory_mb=settings.process_memory_mb,
        most_jobs=settings.process_jobs,
        log_level=settings.log_level,
        log_format=settings.log_format,
        metrics=metrics_folder(settings),
    )


def inboxes(settings: Settings) -> list[Inbox]:
    """Where others announce work. Raises SettingsError when what one needs is not installed."""
    return [inbox for workload in WORKLOADS for inbox in workload.inboxes(settings)]


def _chores(settings: Settings, queues: Sequence[str], jobs: Jobs) -> list[Chore]:
    """What upkeep does."""
    stored = blobs(settings)
    kept = {"keep_finished": settings.retention_days * DAY, "keep_failed": settings.dead_letter_days * DAY}
    own = [chore for workload in WORKLOADS for chore in workload.chores(settings, jobs.db, stored)]
    of_calls = [*access_chores(jobs.db, settings.audit_days * DAY), *request_chores(jobs.db)]
    return [*standard_chores(jobs, queues, **kept), *of_calls, *own]
