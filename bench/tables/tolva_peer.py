"""Tolva as a job does it: accepted, claimed, read, checked, loaded in fenced chunks with ledger and progress."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.tables.peer import Peer
from tolva import app
from tolva.connectors.blobs import Blobs
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.jobs import store
from tolva.jobs.attempt import Attempts
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.meter import JobMeter
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.rings import send_rings
from tolva.jobs.runner import Runner
from tolva.jobs.work import Jobs
from tolva.settings import Settings, load_settings
from tolva.web.access.caller import ANYONE_HERE
from tolva.workloads.intake.accept import Arrival, accept
from tolva.workloads.intake.reception import Reception

NAME = "bench_tolva"


@contextmanager
def open_tolva(dsn: str) -> Iterator[Callable[[Path], None]]:
    """A database of its own, and a worker that runs, in this process."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        conn.execute(f"CREATE DATABASE {NAME}")
    own = make_conninfo(**conninfo_to_dict(dsn) | {"dbname": NAME})
    with tempfile.TemporaryDirectory(prefix="tolva-bench-files-") as folder:
        settings = load_settings(data_dir=folder, database_url=own)
        here = app.Server(own, own, embedded=False)
        app.bring_up_to_date(here)
        blobs = app.blobs(settings)
        blobs.prepare()
        with Database(own, name="bench") as db:
            jobs = Jobs(db, make_engine(settings, db), app.catalogue(settings))
            with _working(jobs, settings, app.worker_plan(settings, here, app.shares(settings).own)):
                yield partial(_load, jobs, blobs)


@contextmanager
def _working(jobs: Jobs, settings: Settings, plan: WorkerPlan) -> Iterator[None]:
    db, engine = jobs.db, make_engine(settings, jobs.db)
    with (
        closing(Heartbeat(db, list(jobs.catalogue.queues), lease=600)) as heartbeat,
        closing(Dispatcher(db, heartbeat.join(), partial(send_rings, engine))) as dispatcher,
    ):
        runner = Runner(db, jobs.catalogue, engine, dispatcher, Attempts(), JobMeter())
        thread = threading.Thread(target=engine.serve, args=(plan.queues, runner.run_next))
        thread.start()
        try:
            yield
        finally:
            engine.stop()
            thread.join()


def _load(jobs: Jobs, blobs: Blobs, path: Path) -> None:
    with blobs.receive(2**31) as writer:
        reception = Reception(writer)
        reception.begin(path.name)
        reception.write(path.read_bytes())
        arrival = Arrival("products", path.name, {"proveedor_id": "P"})
        id = accept(jobs, ANYONE_HERE, arrival, reception.kind, writer)
    _await(jobs.db, id)


def _await(db: Database, id: str) -> None:
    pause = threading.Event()
    while True:
        with db.transaction("default") as conn:
            job = store.get_job(conn, id)
        if job["state"] == "completed":
            return
        if job["finished_at"]:
            raise RuntimeError(f"the job {job['state']}: {job['error']}")
        pause.wait(0.01)


PEERS = (
    Peer("tolva", "a whole job: upload, first pass, checks, chunks, ledger, progress", open_tolva, spoilt=True),
    Peer("tolva xlsx", "the same", open_tolva, reads="xlsx"),
)
