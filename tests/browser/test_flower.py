"""`tolva up --flower`: somebody who knows Celery sees our workers and tasks where they are used to."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.cli.conftest import Shell, tolva
from tests.jobs.workshop import until
from tests.ports import free_port
from tests.servers.redis import redis_server

__all__ = ["tolva"]

LOGIN = ("watcher", "secret")
HEAD = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n"


@pytest.fixture
def products(tmp_path: Path) -> Path:
    path = tmp_path / "productos.csv"
    path.write_text(f"{HEAD}001,Guantes,1.50,CS-1,3\n")
    return path


@contextmanager
def up(tolva: Shell, **environment: str) -> Iterator[dict[str, str]]:
    """`tolva up --flower`: what its greeting says, by the first word of each line. It has to end in order."""
    command = tolva.command("up", "--flower", "--port", "0")
    with subprocess.Popen(command, env=tolva.environment(**environment), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = dict[str, str]()
            while "Next" not in told and (line := process.stdout.readline()):
                told |= dict([(line + " ").split(None, 1)]) if line.strip() else {}
            yield {name: rest.strip() for name, rest in told.items()}
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_flower_shows_our_worker_and_a_task_that_names_its_job(
    tolva: Shell, browser: Browser, products: Path, tmp_path: Path
) -> None:
    with redis_server() as server:
        given = {
            "TOLVA_ENGINE": "celery",
            "REDIS_URL": server.url,
            "FLOWER_PORT": str(free_port()),
            "FLOWER_BASIC_AUTH": ":".join(LOGIN),
            "CELERY_WORKER_CONCURRENCY": "1",
            "LOG_LEVEL": "ERROR",
            "CELERY_LOG_LEVEL": "ERROR",
        }
        with up(tolva, **given) as told:
            flower = told["Flower"]
            assert flower == f"http://127.0.0.1:{given['FLOWER_PORT']}/flower/"
            until(lambda: answers(flower) == 401, 60)
            until(lambda: workers(told["Dashboard"]), 60)
            loaded = tolva.process("load", str(products), "--param", "proveedor_id=P1", "--json", **given)
            job = loaded.json["id"]
            context = browser.new_context(http_credentials={"username": LOGIN[0], "password": LOGIN[1]})
            try:
                page = context.new_page()
                page.goto(f"{flower}workers")
                expect(page.locator("#workers-table tbody tr").filter(has_text="tolva-all-")).to_contain_text("Online")
                page.goto(f"{flower}tasks")
                page.get_by_placeholder("state:FAILURE").fill(job)  # rings again, if it took long, fill the first page
                row = page.locator("#tasks-table tbody tr").filter(has_text=job).first
                expect(row).to_contain_text("tolva.bulk_upload")
                expect(row).to_contain_text(re.compile("success", re.IGNORECASE))
                page.screenshot(path=tmp_path / "flower.png", full_page=True)
            finally:
                context.close()


def answers(url: str) -> int | None:
    try:
        return httpx.get(url, trust_env=False, follow_redirects=True).status_code
    except httpx.TransportError:
        return None


def workers(api: str) -> bool:
    try:
        return httpx.get(f"{api}/health", trust_env=False).json()["workers"] == "ok"
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no queue is Celery's: set TOLVA_ENGINE=celery"),
        ({"TOLVA_ENGINE": "celery", "TOLVA_HOST": "0.0.0.0"}, "set FLOWER_BASIC_AUTH=user:password"),
        ({"TOLVA_ENGINE": "celery", "CELERY_BROKER_URL": "sqs://"}, "use Redis or RabbitMQ"),
        ({"TOLVA_ENGINE": "celery", "FLOWER_BASIC_AUTH": "nobody"}, "FLOWER_BASIC_AUTH"),
    ],
)
@pytest.mark.parametrize("command", [("up", "--flower"), ("flower",)])
def test_where_flower_would_show_nothing_or_everything_it_is_refused(
    tolva: Shell, command: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    ran = tolva(*command, **{"REDIS_URL": "redis://127.0.0.1:1/0", "FLOWER_PORT": str(free_port())} | environment)
    assert ran.code == 2
    assert said in ran.err and "nobody" not in ran.err


def test_a_missing_flower_and_a_taken_port_are_told(tolva: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util
    import socket

    celery = {"TOLVA_ENGINE": "celery", "REDIS_URL": "redis://127.0.0.1:1/0"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = tolva("flower", "--port", str(taken.getsockname()[1]), **celery)
        assert ran.code == 2 and "FLOWER_PORT" in ran.err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ran = tolva("flower", **celery)
    assert ran.code == 2 and "pip install 'tolva[celery]'" in ran.err
