"""A running service with a worker, and the means to make it wait."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.conftest import TEMPLATE, Cluster
from tests.jobs.workshop import until
from tests.service import Service, serving, working
from tolva import app
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.jobs.work import Jobs
from tolva.settings import load_settings

PROVIDER = "PROV001"


@dataclass(frozen=True)
class House:
    """What a browser sees at `url`, and what lies behind it."""

    url: str
    service: Service
    admin_dsn: str

    def sends(self, path: Path, **query: str) -> str:
        """A file over the API; returns its job."""
        params = {"schema": "products", "params": f'{{"proveedor_id": "{PROVIDER}"}}'} | query
        answer = self.service.client.post(
            "/api/v1/uploads", params=params, files={"file": (path.name, path.read_bytes())}
        )
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def job(self, id: str) -> dict[str, Any]:
        return self.service.client.get(f"/api/v1/jobs/{id}").json()

    def ended(self, id: str) -> str:
        """The job, once it has."""
        until(lambda: self.job(id)["finished_at"], 30)
        return id

    @contextmanager
    def held_at(self, code: str) -> Generator[None]:
        """A load stands still before the chunk with this product, as long as the context is open."""
        with psycopg.connect(self.admin_dsn) as conn:
            conn.execute(
                "INSERT INTO products (tenant_id, proveedor_id, codigo, nombre, precio, certificado_sanitario,"
                " tiempo_entrega_dias) VALUES ('default', %s, %s, 'held', 1, 'x', 1)",
                (PROVIDER, code),
            )
            try:
                yield
            finally:
                conn.rollback()

    @contextmanager
    def paused(self) -> Generator[None]:
        """No load begins, as long as the context is open."""
        queue = "/api/v1/queues/bulk_upload"
        self.service.client.post(f"{queue}/pause").raise_for_status()
        try:
            yield
        finally:
            self.service.client.post(f"{queue}/resume").raise_for_status()

    @contextmanager
    def without_last_file(self) -> Generator[None]:
        """What was stored last is lost, as long as the context is open."""
        files = self.service.settings.data_dir / "files"
        lost = max(files.glob("??/*"), key=lambda path: path.name)
        lost.rename(files / lost.name)
        try:
            yield
        finally:
            (files / lost.name).rename(lost)


@contextmanager
def open_house(cluster: Cluster, folder: Path) -> Generator[House]:
    """A house with a worker, on a database of its own."""
    with cluster.database(TEMPLATE) as fresh, Database(fresh.dsn, name="tolva test") as db:
        settings = load_settings(data_dir=folder, database_url=fresh.dsn, port=0)
        jobs = Jobs(db, make_engine(settings, db), app.catalogue(settings))
        with serving(settings, jobs) as url, httpx.Client(base_url=url, timeout=30) as client:
            service = Service(client, jobs, settings)
            with working(service):
                yield House(url, service, fresh.admin_dsn)
