"""A dashboard with something on every page: a service of its own, as a small distributor might have it."""

import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tolva import app
from tolva.cli.demo.sample import HEADERS, sample_rows, write_sample
from tolva.settings import Settings, load_settings

URL = re.compile(r"http://127\.0\.0\.1:\d+")
ID = re.compile(r"[0-9a-f-]{36}")
SUPPLIERS = ("andivar", "biomedica", "tamanaco", "farmalia", "riobravo", "sanatal", "altamira", "cauquen")
SPOILT = ({"certificado_sanitario": ""}, {"precio": "consultar"}, {"moneda": "PESOS"}, {"pais": "Perú"})
ENDED = ("completed", "failed", "cancelled")
SPREAD = """UPDATE tolva.jobs SET created_at = created_at - away, started_at = started_at - away, finished_at =
  finished_at - away FROM (SELECT id AS job, random() * interval '55 minutes' AS away FROM tolva.jobs) a
  WHERE id = job AND id <> ALL (%s::uuid[])"""
"""As if the last hour had been quiet and long."""


@dataclass(frozen=True)
class Stage:
    """Where it runs, a key of an administrator, and the page of each kind by name."""

    url: str
    key: str
    pages: dict[str, str]


@contextmanager
def stage() -> Generator[Stage]:
    """For as long as the context is open."""
    with tempfile.TemporaryDirectory(prefix="tolva-pages-") as folder:
        Path(folder).chmod(0o755)
        settings = load_settings(data_dir=Path(folder, "data"), log_level="WARNING", engine="inline")
        with app.server(settings) as server:
            app.bring_up_to_date(server)
            with _running(settings) as url, httpx.Client(base_url=url, timeout=60) as client:
                pages = _filled(client, Path(folder))
                with psycopg.connect(server.admin_dsn, autocommit=True) as conn:
                    conn.execute(SPREAD, [ID.findall(" ".join(pages.values()))])
                yield Stage(url, _keys(client), pages)


@contextmanager
def _running(settings: Settings) -> Generator[str]:
    """API and worker in one process."""
    env = {**os.environ, "TOLVA_DATA_DIR": str(settings.data_dir), "TOLVA_ENGINE": "inline", "LOG_LEVEL": "WARNING"}
    env.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "tolva", "up", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None, "it is a pipe"
            yield next(filter(None, map(URL.search, process.stdout)))[0]
        finally:
            process.terminate()


def _filled(client: httpx.Client, folder: Path) -> dict[str, str]:
    """Uploads of several suppliers, one that nobody can read, and a webhook."""
    for number, name in enumerate(SUPPLIERS):
        _ended(client, _sent(client, _sheet(folder / f"{name}-noviembre.csv", number), name))
    unreadable = folder / "inventario-bodega.csv"
    unreadable.write_text("Bodega,Estante\nNorte,14\n", encoding="utf-8")
    whole = folder / "productos-sanatal.xlsx"
    write_sample(whole)
    dry = _ended(client, _sent(client, whole, "sanatal", dry_run="true"))
    failed = _ended(client, _sent(client, unreadable, "sanatal"))
    load = _ended(client, _sent(client, whole, "sanatal"))
    client.post("/api/v1/webhooks", json={"url": "https://erp.example/tolva", "events": ["completed", "failed"]})
    below = {"job": f"/jobs/{load}", "errors": f"/jobs/{load}/errors", "changes": f"/jobs/{load}/changes"}
    nav = {item.href.strip("/") or "home": item.href for item in app.make_shell().nav}
    found = {name: href for name, href in nav.items() if client.get(href).status_code == httpx.codes.OK}
    return found | {"preview": f"/uploads/{dry}", "failed": f"/jobs/{failed}"} | below


def _sheet(path: Path, seed: int) -> Path:
    """Some hundreds of products, a few of them with a fault."""
    rng = random.Random(seed)
    rows = [row for row in sample_rows(rng)[0] if row["nombre"]][: rng.randrange(120, 900)]
    with path.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(HEADERS.values())
        for number, row in enumerate(rows):
            told: dict[str, Any] = row | (rng.choice(SPOILT) if number % 97 == seed else {})
            written.writerow(told[field] for field in HEADERS)
    return path


def _sent(client: httpx.Client, path: Path, supplier: str, **query: str) -> str:
    params = {"schema": "products", "params": json.dumps({"proveedor_id": supplier.upper()})} | query
    answer = client.post("/api/v1/uploads", params=params, files={"file": (path.name, path.read_bytes())})
    return answer.raise_for_status().json()["id"]


def _ended(client: httpx.Client, id: str) -> str:
    while client.get(f"/api/v1/jobs/{id}").json()["state"] not in ENDED:
        time.sleep(0.05)
    return id


def _keys(client: httpx.Client) -> str:
    """The first is the one that is used from then on."""
    made = client.post("/api/v1/keys", json={"name": "Operaciones", "role": "admin"}).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {made['key']}"
    for name, role in (("Compras", "operator"), ("Auditoría", "viewer"), ("ERP", "operator")):
        client.post("/api/v1/keys", json={"name": name, "role": role}).raise_for_status()
    return made["key"]
