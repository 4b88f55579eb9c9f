"""Tolva as a job does it: accepted, claimed, read, checked, loaded in fenced chunks with ledger and progress."""

import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.tables.peer import Peer
from tolva import app
from tolva.db.pool import Database
from tolva.engines.postgres import PostgresEngine
from tolva.jobs import store
from tolva.jobs.attempt import Attempts
from tolva.jobs.desk import Desk
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.rings import send_rings
from tolva.jobs.runner import Runner
from tolva.jobs.work import Jobs
from tolva.settings import load_settings
from tolva.workloads.intake.accept import Arrival, accept
from tolva.workloads.intake.reception import Reception

NAME = "bench_tolva"


def open_tolva(dsn: str) -> Callable[[Path], None]:
    """A database of its own, and one worker thread in this process."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        conn.execute(f"CREATE DATABASE {NAME}")
    own = make_conninfo(**conninfo_to_dict(dsn) | {"dbname": NAME})
    folder = Path(tempfile.mkdtemp(prefix="tolva-bench-files-"))
    settings = load_settings(data_dir=folder, database_url=own)
    app.bring_up_to_date(app.Server(own, own, embedded=False))

    def load(path: Path) -> None:
        with Database(own, name="bench") as db:
            catalogue, engine = app.catalogue(settings), PostgresEngine(db)
            jobs = Jobs(db, engine, catalogue)
            blobs = app.blobs(settings)
            blobs.prepare()
            with blobs.receive(2**31) as writer:
                reception = Reception(writer)
                reception.begin(path.name)
                reception.write(path.read_bytes())
                arrival = Arrival("products", path.name, {"proveedor_id": "P"})
                id = accept(jobs, "default", arrival, reception.kind, writer)
            plan = app.worker_plan(settings, app.Server(own, own, embedded=False))
            with (
                closing(Heartbeat(db, list(catalogue.queues), lease=600)) as heartbeat,
                closing(Desk(db, heartbeat.join(), partial(send_rings, engine))) as desk,
            ):
                runner = Runner(db, catalogue, engine, desk, Attempts())
                thread = threading.Thread(target=engine.serve, args=(plan.queues, runner.run_next))
                thread.start()
                try:
                    _await(db, id)
                finally:
                    engine.stop()
                    thread.join()

    load.close = lambda: shutil.rmtree(folder, ignore_errors=True)  # type: ignore[attr-defined]
    return load


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
