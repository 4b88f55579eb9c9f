"""The API as a process: how it ends."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Shell
from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.servers.redis import redis_server
from tolva.settings import load_settings

STOPPED_WHILE_IT_STARTS = """
import os, signal
from tolva import app
from tolva.serve.api import serve_api
from tolva.settings import load_settings
from tolva.web.server.listener import listen

make_api = app.make_api

def stopped_meanwhile(*given):
    os.kill(os.getpid(), signal.SIGTERM)
    return make_api(*given)

app.make_api = stopped_meanwhile
settings = load_settings()
serve_api(settings, listen(settings))
"""


@pytest.mark.parametrize("engine", ["postgres", "inline"])
def test_a_signal_that_comes_before_the_api_serves_ends_it_too(tolva: Shell, engine: str) -> None:
    environment = tolva.environment(TOLVA_PORT="0", TOLVA_ENGINE=engine)
    done = subprocess.run([sys.executable, "-c", STOPPED_WHILE_IT_STARTS], env=environment, timeout=30, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("engine", "said"),
    [("pigeon", "There is no engine 'pigeon'"), ("dramatiq", "give none of these queues to dramatiq")],
)
def test_a_worker_for_an_engine_that_serves_nothing_is_refused(tolva: Shell, engine: str, said: str) -> None:
    """Whatever the option names, which engine rings for which queue is said by the settings alone."""
    ran = tolva("worker", "--engine", engine, TOLVA_ENGINES="bulk_upload=celery")
    assert (ran.code, said in ran.err) == (2, True)


REDIS = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TOLVA_ENGINE": "redis"}, "TOLVA_ENGINE=redis needs REDIS_URL, say redis://"),
        ({"TOLVA_ENGINE": "celery"}, "TOLVA_ENGINE=celery needs CELERY_BROKER_URL or REDIS_URL, say redis://"),
        ({"TOLVA_ENGINES": "web*=dramatiq"}, "Dramatiq needs REDIS_URL or DRAMATIQ_BROKER_URL"),
        ({"TOLVA_ENGINE": "rediss"}, "TOLVA_ENGINE is 'rediss'; choose one of: postgres, inline, redis"),
        ({"TOLVA_ENGINES": "bulk_upload=cellery"}, "TOLVA_ENGINES names 'cellery'; choose one of: postgres"),
        ({"TOLVA_ENGINES": "bulk_upload"}, "TOLVA_ENGINES: Value error, write it as queue=engine,queue=engine"),
    ],
)
@pytest.mark.parametrize("command", ["worker", "up", "api"])
def test_an_engine_that_cannot_work_is_told_before_anything_starts(
    tolva: Shell, command: str, environment: dict[str, str], said: str
) -> None:
    ran = tolva(command, **environment)
    assert (ran.code, said in ran.err, ran.err.count("\n")) == (2, True, 1)


def test_a_route_of_no_queue_is_told_and_no_fault(tolva: Shell) -> None:
    """A workload that it means may not be there; here the engine of another queue keeps the worker from starting."""
    ran = tolva("worker", TOLVA_ENGINES="drive_sync=redis,webhooks=inline,bulk_upload=inline", REDIS_URL=REDIS)
    assert "Note: TOLVA_ENGINES names what no queue is called: drive_sync. The queues are: bulk_upload, " in ran.err
    assert (ran.code, "With the engine inline, the API runs the jobs" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("engine", "package", "extra"),
    [
        ("redis", "redis", "redis"),
        ("sqs", "boto3", "sqs"),
        ("celery", "celery", "celery"),
        ("dramatiq", "dramatiq", "dramatiq"),
    ],
)
def test_an_engine_that_is_not_installed_is_told_with_the_command_that_installs_it(
    tolva: Shell, engine: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.startswith(("tolva.engines.", "tolva.sqs"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    ran = tolva("worker", TOLVA_ENGINE=engine, **({} if engine == "sqs" else {"REDIS_URL": REDIS}))
    assert (ran.code, f"pip install 'tolva[{extra}]'" in ran.err and package in ran.err) == (2, True)


ADDRESSES = [
    ("REDIS_URL", "http://:secret@127.0.0.1:6379/0"),
    ("REDIS_URL", "redis//:secret@127.0.0.1:6379"),
    ("REDIS_URL", "redis:secret@127.0.0.1"),
    ("REDIS_URL", "redis://:secret@127.0.0.1:port/0"),
    ("REDIS_URL", "redis://:a/secret@127.0.0.1:6379/0"),
    ("REDIS_URL", "amqp://guest:secret@127.0.0.1"),
    ("CELERY_BROKER_URL", "rabbitmq://guest:secret@127.0.0.1"),
    ("CELERY_BROKER_URL", "amqp://guest:secret@127.0.0.1:5672;amqp://guest:secret@:x"),
    ("DRAMATIQ_BROKER_URL", "sqs://secret"),
]


@pytest.mark.parametrize(("variable", "address"), ADDRESSES)
@pytest.mark.parametrize("command", ["worker", "up", "api"])
def test_an_address_of_a_broker_that_cannot_be_read_is_refused_with_an_example(
    tolva: Shell, command: str, variable: str, address: str
) -> None:
    ran = tolva(command, TOLVA_ENGINE="redis", **{variable: address})
    assert (ran.code, f"{variable} cannot be read. Write it as redis://" in ran.err) == (2, True)
    assert "secret" not in ran.err and ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("REDIS_URL", "rediss://:pa%2Fss@redis.example:6380/1?ssl_cert_reqs=required"),
        ("REDIS_URL", "redis://[::1]:6379"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("CELERY_BROKER_URL", "sqs://"),
        ("CELERY_BROKER_URL", "sentinel://one:26379;sentinel://two:26379"),
        ("DRAMATIQ_BROKER_URL", "amqps://user:password@rabbit.example/host"),
    ],
)
def test_an_address_of_a_broker_that_is_one_is_taken(
    variable: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, address)
    assert getattr(load_settings(), variable.lower()) == address


def test_a_worker_of_some_engines_serves_their_queues_alone(tolva: Shell, tmp_path: Path) -> None:
    given = tolva.environment(
        TOLVA_ENGINES="bulk_upload=redis", REDIS_URL="redis://127.0.0.1:1/0", TOLVA_GRACE_SECONDS="2"
    )
    log = tmp_path / "log"
    with log.open("wb") as file:
        words = ("worker", "--engine", "postgres", "--engine", "sqs", "--processes", "1")
        process = subprocess.Popen(tolva.command(*words), env=given, stdout=file, stderr=file)
    try:
        line = until(lambda: re.search(r"worker ready: (.*)", log.read_text()), 60)[1]
        assert "webhooks=" in line and "bulk_upload" not in line
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("words", "processes"),
    [
        (("bulk_upload=1", "webhooks=2"), {"bulk_upload": 1, "webhooks": 2}),
        (("bulk_upload=2",), {"bulk_upload": 2}),
        (("bulk_upload=1", "webhooks"), {"bulk_upload": 1, "webhooks": 3}),
    ],
    ids=" ".join,
)
def test_celery_has_as_many_processes_for_a_queue_as_slots_were_asked_for(
    tolva: Shell, fresh: Fresh, tmp_path: Path, words: Sequence[str], processes: dict[str, int]
) -> None:
    with redis_server() as server:
        given = tolva.environment(
            TOLVA_ENGINE="celery",
            REDIS_URL=server.url,
            CELERY_WORKER_CONCURRENCY="3",
            TOLVA_GRACE_SECONDS="2",
            C_FORCE_ROOT="1",
        )
        log = tmp_path / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(tolva.command("worker", *words), env=given, stdout=file, stderr=file)
        try:
            until(lambda: by_queue(fresh) == processes, 90)
            assert len(set(re.findall(r"\S+@\S+ ready", log.read_text()))) == len(words), log.read_text()
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()


def by_queue(fresh: Fresh) -> dict[str, int]:
    """How many processes serve each queue."""
    with psycopg.connect(fresh.admin_dsn) as conn:
        found = conn.execute("SELECT queue, count(*) FROM tolva.workers, unnest(queues) AS queue GROUP BY queue")
        return dict(found.fetchall())
