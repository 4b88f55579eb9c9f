"""`tolva api` with TOLVA_ENGINE=inline: the process that answers does the work too, and ends in order."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from tests.catalog.test_contract import GOOD, STATUS, UPLOAD, as_csv
from tests.cli.conftest import Shell
from tests.conftest import Fresh
from tests.jobs.workshop import until


@contextmanager
def serving(tolva: Shell) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    environment = tolva.environment(TOLVA_ENGINE="inline", TOLVA_GRACE_SECONDS="2", LOG_LEVEL="ERROR")
    command = tolva.command("api", "--port", "0")
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+", process.stderr.readline())
            assert found is not None
            with httpx.Client(base_url=found[0], timeout=30, trust_env=False) as client:
                yield process, client
        finally:
            process.kill()


def send(client: httpx.Client, content: bytes) -> str:
    answer = client.post(UPLOAD, params={"proveedor_id": "P"}, files={"file": ("p.csv", content)})
    assert answer.status_code == 202
    return answer.json()["task_id"]


def rows(fresh: Fresh, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(fresh.admin_dsn, row_factory=dict_row) as admin:
        return admin.execute(query).fetchall()  # type: ignore


def test_it_loads_what_it_receives(tolva: Shell) -> None:
    with serving(tolva) as (_, client):
        task = send(client, as_csv(GOOD))
        until(lambda: client.get(f"{STATUS}/{task}").json()["status"] == "completed", 30)


def test_sigterm_stops_a_load_at_its_checkpoint_and_gives_it_back(tolva: Shell, fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:  # so that the load lasts
        admin.execute(
            """
            CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql
              AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$;
            CREATE TRIGGER rest AFTER INSERT ON products FOR EACH STATEMENT EXECUTE FUNCTION rest()"""
        )
    with serving(tolva) as (process, client):
        task = send(client, as_csv(*[(f"{n:04}", "X", "1", "CS", "1") for n in range(1000)]))
        until(lambda: client.get(f"{STATUS}/{task}").json()["progress"]["processed"] > 0, 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    [job] = rows(fresh, "SELECT state, failures, losses, checkpoint FROM tolva.jobs")
    assert (job["state"], job["failures"], job["losses"]) == ("queued", 0, 0)
    assert job["checkpoint"]["processed"] > 0
    assert rows(fresh, "SELECT id FROM tolva.workers") == []
