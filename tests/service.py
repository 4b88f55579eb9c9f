"""A running API and a worker, on a database of their own."""

import threading
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.conftest import TEMPLATE, Cluster, Fresh
from tests.errand import with_errands
from tolva import app
from tolva.core.ports import QueueSlots
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.jobs.attempt import Attempts
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.meter import JobMeter
from tolva.jobs.rings import send_rings
from tolva.jobs.runner import Runner
from tolva.jobs.work import Jobs
from tolva.settings import Settings, load_settings
from tolva.web.server.listener import listen, url_of
from tolva.web.server.serving import make_server


@dataclass(frozen=True)
class Service:
    """What a client sees, and what lies behind it."""

    client: httpx.Client
    jobs: Jobs
    settings: Settings


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path) -> Settings:
    return settings_for(fresh, tmp_path)


def settings_for(fresh: Fresh, folder: Path) -> Settings:
    return load_settings(data_dir=folder, database_url=fresh.dsn, port=0, upload_max_mb=1)


@pytest.fixture
def service(settings: Settings, db: Database) -> Generator[Service]:
    """The API over real HTTP; nobody works on its jobs."""
    with open_service(settings, db) as opened:
        yield opened


@pytest.fixture(scope="module")
def lasting_service(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """One for all cases of a file that leave nothing which the others would see: to make it takes half a second."""
    with (
        cluster.database(TEMPLATE) as fresh,
        Database(fresh.dsn, name="tolva test") as db,
        open_service(settings_for(fresh, tmp_path_factory.mktemp("data")), db) as opened,
    ):
        yield opened


@contextmanager
def open_service(settings: Settings, db: Database) -> Generator[Service]:
    """A service for as long as the context is open."""
    engine = make_engine(settings, db)
    jobs = Jobs(db, engine, with_errands(settings))
    # verify: nobody speaks TLS here, and reading the certificates would take 50 ms of each test
    with (
        closing(engine),
        serving(settings, jobs) as url,
        httpx.Client(base_url=url, timeout=30, verify=False) as client,
    ):
        yield Service(client, jobs, settings)


@contextmanager
def serving(settings: Settings, jobs: Jobs) -> Generator[str]:
    """The API, at the address that it yields, for as long as the context is open."""
    listener = listen(settings)
    with closing(app.live(settings, jobs)) as hub:
        server = make_server(app.make_api(settings, jobs, hub), hub.end)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield url_of(listener)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def working(service: Service, queues: Sequence[str] = ()) -> Generator[None]:
    """A worker in this process for these queues, or for all, for as long as the context is open."""
    db, catalogue = service.jobs.db, service.jobs.catalogue
    slots = [QueueSlots(queue, 2) for queue in queues] or app.shares(service.settings).own
    plan = app.worker_plan(service.settings, app.Server(db.dsn, db.dsn, embedded=False), slots)
    with closing(Heartbeat(db, list(catalogue.queues), lease=600)) as heartbeat:
        engine = make_engine(service.settings, db)
        with closing(Dispatcher(db, heartbeat.join(), partial(send_rings, engine))) as dispatcher:
            runner = Runner(db, catalogue, engine, dispatcher, Attempts(), JobMeter())
            thread = threading.Thread(target=engine.serve, args=(plan.queues, runner.run_next))
            thread.start()
            try:
                yield
            finally:
                engine.stop()
                thread.join()
