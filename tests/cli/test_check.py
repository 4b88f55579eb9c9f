"""`tolva-check`: a probe for the workers of one host."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.cli.conftest import Ran, Shell
from tests.conftest import Fresh
from tolva.db.pool import Database
from tolva.jobs.heartbeat import Heartbeat

ROOT = Path(__file__).parents[2]


@pytest.fixture
def heartbeat(db: Database) -> Iterator[Heartbeat]:
    """Registers workers as every process of ours does, whoever started it."""
    with closing(Heartbeat(db, ["bulk_upload", "webhooks"], lease=60)) as made:
        yield made


def check(tolva: Shell, *words: str, **more: str) -> Ran:
    command = [sys.executable, "-m", "tolva.serve.check", *words]
    done = subprocess.run(
        command, env=tolva.environment(**more), capture_output=True, text=True, timeout=60, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def execute(fresh: Fresh, statement: LiteralString) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(statement)


def test_a_worker_that_lives_and_hears_is_well(tolva: Shell, heartbeat: Heartbeat) -> None:
    heartbeat.join()
    ran = check(tolva)
    assert (ran.code, ran.out.startswith("ok: 1 worker processes on "), ran.err) == (0, True, "")
    assert check(tolva, "webhooks").code == 0
    ran = check(tolva, "webhooks", "elsewhere")
    assert (ran.code, "serves elsewhere. Those that live serve bulk_upload, webhooks" in ran.err) == (1, True)


def test_where_none_is_it_says_so_whoever_works_elsewhere(tolva: Shell, fresh: Fresh, heartbeat: Heartbeat) -> None:
    heartbeat.join()
    execute(fresh, "UPDATE tolva.workers SET host = 'another'")
    ran = check(tolva)
    assert (ran.code, "no worker is registered on " in ran.err, ran.err.count("\n")) == (1, True, 1)


def test_a_companion_alone_is_no_worker(tolva: Shell, db: Database) -> None:
    with closing(Heartbeat(db, [], lease=60, crew="crew")) as companion:
        companion.join()
    assert "no worker is registered on " in check(tolva).err


def test_a_lease_that_ran_out_is_told_with_its_age(tolva: Shell, fresh: Fresh, heartbeat: Heartbeat) -> None:
    heartbeat.join()
    execute(fresh, "UPDATE tolva.workers SET lease_until = now() - interval '1 h'")
    ran = check(tolva)
    assert (ran.code, "ran out 360" in ran.err) == (1, True)
    heartbeat.join()
    assert check(tolva).code == 0


def test_a_deaf_worker_is_told_with_its_reason(tolva: Shell, heartbeat: Heartbeat) -> None:
    worker = heartbeat.join()
    heartbeat.note_deaf([worker], "Redis does not answer at REDIS_URL.")
    ran = check(tolva)
    assert (ran.code, "hears no rings. Redis does not answer at REDIS_URL." in ran.err) == (1, True)
    heartbeat.note_deaf([worker], None)
    assert check(tolva).code == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [("postgresql://nobody@127.0.0.1:1/nowhere", "unknown: "), ("", "This asks the PostgreSQL of DATABASE_URL")],
)
def test_a_database_that_cannot_be_asked_is_told_in_one_line(tolva: Shell, url: str, said: str) -> None:
    ran = check(tolva, DATABASE_URL=url)
    assert (ran.code, said in ran.err, ran.err.count("\n")) == (1, True, 1)


def test_it_loads_neither_the_api_nor_what_reads_files() -> None:
    """Those take seconds, and a probe is asked for ever."""
    heavy = "import tolva.serve.check, sys; sys.exit(bool({'fastapi', 'polars', 'typer'} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", heavy], check=True)


def test_every_worker_of_the_compose_file_asks_it() -> None:
    import yaml

    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    [program] = {services[name]["healthcheck"]["test"][1] for name in ("worker", "celery", "dramatiq")}
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts[program] == "tolva.serve.check:main"
