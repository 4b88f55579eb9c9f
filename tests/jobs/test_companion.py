"""What a companion notes of the processes of its crew, and when it is the last one left."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.jobs import factory
from tests.jobs.workshop import Notepad, Workshop
from tolva.errors import DatabaseUnavailable
from tolva.jobs import companion as companions
from tolva.jobs import listening
from tolva.jobs.attendance import attendance
from tolva.jobs.companion import Companion
from tolva.jobs.crew import crew_of
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.hosted import Hosted
from tolva.jobs.listening import Listening
from tolva.jobs.plan import WorkerPlan

QUEUE = "work"


class Mute(Notepad):
    """Its broker says nothing of what lies there."""

    def depth(self, queue: str) -> int | None:
        return 7


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """One of the crew, of which this process is the parent."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as running:
        yield running
        running.kill()


@pytest.fixture
def heartbeat(shop: Workshop, process: subprocess.Popen[bytes]) -> Iterator[Heartbeat]:
    with closing(Heartbeat(shop.db, [QUEUE], 60, crew_of(os.getpid()))) as found:
        found.started(found.join(), process.pid)
        yield found


@pytest.fixture
def companion(shop: Workshop, heartbeat: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> Iterator[Companion]:
    monkeypatch.setattr(listening, "EVERY", 0.0)
    monkeypatch.setattr(companions, "IDLE", 0.0)
    plan = factory.plan("", grace=5, memory_mb=4000)
    with closing(Heartbeat(shop.db, [], 60, crew_of(os.getpid()))) as own:
        yield Companion(plan, os.getpid(), own, shop.engine, Listening(shop.db, Mute(), [QUEUE]))


def look(companion: Companion) -> None:
    companion._next_beat = 0
    companion.look()


def told(shop: Workshop) -> tuple[str, ...]:
    """Why the crew is deaf, as everybody sees it."""
    [found] = attendance(shop.admin, [QUEUE])
    return found.deaf


def wait_long(shop: Workshop) -> None:
    shop.put()
    shop.admin.execute("UPDATE tolva.jobs SET run_at = now() - interval '20 s'")


def test_a_crew_that_is_deaf_is_told_of_with_its_queues(shop: Workshop, companion: Companion) -> None:
    wait_long(shop)
    look(companion)
    assert told(shop) == ()
    look(companion)
    assert "processes are idle: they do not hear it" in told(shop)[0]
    shop.take()
    look(companion)
    assert told(shop) == ()


def test_processes_that_are_between_two_jobs_prove_nothing(
    shop: Workshop, companion: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companions, "IDLE", 60.0)
    wait_long(shop)
    for _ in range(3):
        look(companion)
    assert told(shop) == ()


def test_the_last_one_left_knows_it_while_postgresql_is_away(
    companion: Companion, process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    look(companion)
    assert not companion.is_alone()
    process.kill()
    process.wait()

    def away(*_given: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(companion._heartbeat, "_ask", away)
    assert companion.is_alone()


def test_a_process_that_was_told_to_end_does_not_begin_any_more() -> None:
    opened = threading.Event()

    def open_plan() -> None:
        opened.set()

    hosted = Hosted(open_plan, slots=1)
    hosted.drain(0)
    assert "told to end" in (hosted.look(QUEUE).hindrance or "")
    assert not opened.is_set()


def test_a_process_that_is_told_to_end_while_it_begins_takes_no_job(shop: Workshop) -> None:
    beginning, go_on = threading.Event(), threading.Event()

    @contextmanager
    def open_plan() -> Iterator[WorkerPlan]:
        beginning.set()
        go_on.wait()
        yield factory.plan(shop.db.dsn, grace=5, memory_mb=4000)

    hosted = Hosted(open_plan, slots=1)
    with closing(Heartbeat(shop.db, [], 60, crew_of(os.getppid()))) as companion, closing(hosted):
        companion.join()
        begins = threading.Thread(target=hosted.begin)
        begins.start()
        beginning.wait()
        drains = threading.Thread(target=hosted.drain, args=(0,))
        drains.start()
        go_on.set()
        begins.join()
        drains.join()
        job = shop.put()
        hosted.look(QUEUE)
        assert shop.state(job) == "queued"
