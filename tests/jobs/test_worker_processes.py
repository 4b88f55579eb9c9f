"""Real worker processes that are killed, frozen, stuck, too large, or told to end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import TEMPLATE, Cluster
from tests.jobs import factory
from tests.jobs.workshop import Notepad, Workshop, until
from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import DatabaseUnavailable
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.lifeline import ENDED_BY_FORCE
from tolva.jobs.worker import Supervisor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def floor(cluster: Cluster) -> Iterator[Workshop]:
    """A database for all tests of this file: their jobs do not meet."""
    with (
        cluster.database(TEMPLATE) as made,
        psycopg.connect(made.admin_dsn, autocommit=True, row_factory=dict_row) as admin,
        Database(made.dsn, name="tolva test") as db,
        Workshop(db, admin) as floor,
    ):
        floor.handlers.update(factory.catalogue().handlers)
        yield floor


@contextmanager
def supervisor(
    floor: Workshop, *, grace: float, memory_mb: int = 4000, most_jobs: int = 0, kind: str = "worker"
) -> Iterator[psutil.Popen]:
    # Not by -m: the processes of the worker import the functions of its plan by the name of their module.
    start = "from tests.jobs.factory import main; main()"
    command = [sys.executable, "-c", start, kind, floor.db.dsn, str(grace), str(memory_mb), str(most_jobs)]
    with psutil.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"ready\n"
        children = running.children(recursive=True)
        try:
            yield running
        finally:
            for each in [*children, running]:
                if each.is_running():
                    each.kill()


@pytest.fixture(scope="module")
def worker(floor: Workshop) -> Iterator[psutil.Popen]:
    """A supervisor with two processes, for all tests that do not end it."""
    with supervisor(floor, grace=5, memory_mb=300) as running:
        yield running


def pid_of(floor: Workshop, id: JobId) -> int:
    """The process that runs a job, once it has said so."""
    return until(lambda: floor.row(id)["progress"].get("pid"), 20)


def again(floor: Workshop, id: JobId, seconds: float) -> None:
    """Wait for a further attempt."""
    until(lambda: floor.row(id)["attempt"] >= 2, seconds)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_each_process_is_registered_under_its_own_process_id(floor, worker) -> None:
    def spawned() -> set[int]:
        return {child.pid for child in worker.children() if "spawn_main" in " ".join(child.cmdline())}

    def registered() -> set[int]:
        return {row["pid"] for row in floor.admin.execute("SELECT pid FROM tolva.workers WHERE lease_until > now()")}

    until(lambda: len(found := spawned()) == 2 and found <= registered())


class Interrupted(Heartbeat):
    """Finds PostgreSQL away when the first process has just been started."""

    is_away = True

    def started(self, worker_id: str, pid: int) -> None:
        if self.is_away:
            self.is_away = False
            raise DatabaseUnavailable("away")
        super().started(worker_id, pid)


def test_a_process_that_started_while_the_database_was_away_is_registered_later(floor) -> None:
    plan = replace(factory.plan(floor.db.dsn, grace=5, memory_mb=300), processes=1)
    with closing(Interrupted(floor.db, plan.queue_names, plan.lease)) as heartbeat:
        supervisor = Supervisor(plan, heartbeat, Notepad())
        try:
            supervisor.look()
            supervisor.look()
            [child] = supervisor._children
            rows = floor.admin.execute("SELECT pid FROM tolva.workers WHERE id = %s", (child.worker_id,)).fetchall()
            assert [row["pid"] for row in rows] == [child.pid]
        finally:
            supervisor.end()


def test_jobs_of_a_killed_process_run_again_before_any_lease_runs_out(floor, worker, tmp_path: Path) -> None:
    go = tmp_path / "go"
    id = floor.put("wait", params={"go": str(go)})
    os.kill(pid_of(floor, id), signal.SIGKILL)
    again(floor, id, factory.LEASE)
    go.touch()
    until(lambda: floor.state(id) == "completed")
    row = floor.row(id)
    assert (row["losses"], row["failures"]) == (1, 0)
    assert floor.events(id).count("lost") == 1


def test_a_job_over_its_hard_limit_fails_and_its_neighbours_go_on_unharmed(floor, worker, tmp_path: Path) -> None:
    go = tmp_path / "go"
    neighbours = [floor.put("wait", params={"go": str(go)}) for _ in range(4)]
    pids = {id: pid_of(floor, id) for id in neighbours}
    stuck = floor.put("hang")
    killed = pid_of(floor, stuck)
    until(lambda: floor.row(stuck)["failures"] == 1, 20)
    assert floor.row(stuck)["error"]["type"] == "TimeLimitExceeded"
    assert "hard time limit" in floor.row(stuck)["error"]["message"]
    with floor.jobs.work("a") as work:
        work.cancel(stuck)
    hit = [id for id, pid in pids.items() if pid == killed]
    for id in hit:
        again(floor, id, 20)
    go.touch()
    for id in neighbours:
        until(lambda id=id: floor.state(id) == "completed", 20)
        row = floor.row(id)
        assert (row["failures"], row["losses"], row["error"]) == (0, 0, None)


def test_a_process_that_grows_too_large_is_ended_and_the_job_told_why(floor, worker) -> None:
    id = floor.put("grow")
    until(lambda: floor.state(id) == "completed", 20)
    lost = floor.admin.execute(
        "SELECT data FROM tolva.job_events WHERE job_id = %s AND type = 'lost'", (id,)
    ).fetchall()
    assert len(lost) == 1
    assert "TOLVA_PROCESS_MEMORY_MB" in lost[0]["data"]["error"]["message"]


def test_a_frozen_process_loses_its_jobs_and_cannot_write_when_it_wakes(floor, worker, tmp_path: Path) -> None:
    go = tmp_path / "go"
    id = floor.put("late", params={"go": str(go)})
    frozen = pid_of(floor, id)
    os.kill(frozen, signal.SIGSTOP)
    try:
        until(lambda: floor.state(id) == "completed", factory.LEASE + 10)
        before = floor.row(id)
        go.touch()
    finally:
        os.kill(frozen, signal.SIGCONT)
    until(lambda: gone(frozen), 10)  # it has lost its lease, so it is replaced
    assert floor.row(id) == before
    assert floor.events(id).count("lost") == 1
    assert before["progress"]["written_by"] != frozen


def test_a_worker_told_to_end_lets_short_jobs_end_and_gives_long_ones_back(floor, worker, tmp_path: Path) -> None:
    go = tmp_path / "go"
    short = floor.put("wait", params={"go": str(go)})
    long = floor.put("wait", params={"go": str(tmp_path / "never")})
    assert pid_of(floor, short)
    assert pid_of(floor, long)
    children = worker.children(recursive=True)
    worker.terminate()
    go.touch()
    assert worker.wait(10) == 0
    until(lambda: all(gone(child.pid) for child in children), 3)
    assert (floor.state(short), floor.state(long)) == ("completed", "queued")
    row = floor.row(long)
    assert (row["failures"], row["losses"], floor.events(long)[-1]) == (0, 0, "released")
    held = floor.admin.execute("SELECT FROM tolva.workers WHERE id <> %s", (floor.worker,)).fetchall()
    assert held == []


def test_a_job_that_reaches_its_hard_limit_while_the_worker_ends_is_left_behind_in_order(floor) -> None:
    with supervisor(floor, grace=6) as worker:
        stuck = floor.put("hang")
        pid_of(floor, stuck)
        worker.terminate()
        assert worker.wait(15) == 0
    assert floor.row(stuck)["error"]["type"] == "TimeLimitExceeded"
    assert floor.state(stuck) == "queued"


def test_a_process_that_has_done_its_jobs_is_replaced_in_order(floor, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    with supervisor(floor, grace=5, most_jobs=2):
        ids: list[JobId] = []

        def two_generations() -> bool:
            ids.append(floor.put("wait", params={"go": str(go)}))
            return len({pid_of(floor, id) for id in ids}) > factory.PROCESSES

        until(two_generations, 30)
        until(lambda: set(floor.states(ids)) == {"completed"})
    assert all(floor.row(id)["losses"] == 0 for id in ids)


def test_a_process_that_has_done_its_jobs_but_for_a_long_one_ends_it_while_others_take_over(
    floor, tmp_path: Path
) -> None:
    go, later = tmp_path / "go", tmp_path / "later"
    go.touch()
    with supervisor(floor, grace=0, most_jobs=2) as worker:
        long = [floor.put("wait", params={"go": str(later)}) for _ in range(factory.PROCESSES)]
        first = {pid_of(floor, id) for id in long}

        def taken_over() -> bool:
            return pid_of(floor, floor.put("wait", params={"go": str(go)})) not in first

        until(taken_over, 30)
        assert first <= {child.pid for child in worker.children(recursive=True)}
        later.touch()
        until(lambda: set(floor.states(long)) == {"completed"})
        until(lambda: all(gone(pid) for pid in first), 5)
    assert all("released" not in floor.events(id) for id in long)


def test_no_process_outlives_a_supervisor_that_was_killed(floor, tmp_path: Path) -> None:
    with supervisor(floor, grace=5) as worker:
        id = floor.put("wait", params={"go": str(tmp_path / "never")})
        children = [each.pid for each in worker.children(recursive=True)]
        assert pid_of(floor, id) in children
        worker.kill()
        worker.wait(5)
        until(lambda: all(gone(pid) for pid in children), 5)


class TestInside:
    """A worker that is no process of its own, but threads of one that also does something else."""

    @pytest.fixture
    def process(self, floor: Workshop) -> Iterator[psutil.Popen]:
        floor.admin.execute("DELETE FROM tolva.jobs WHERE finished_at IS NULL")  # what others left unfinished
        with supervisor(floor, grace=5, kind="inside") as running:
            yield running

    def test_it_runs_jobs_in_the_one_process(self, floor, process, tmp_path: Path) -> None:
        go = tmp_path / "go"
        id = floor.put("wait", params={"go": str(go)})
        assert pid_of(floor, id) == process.pid
        go.touch()
        until(lambda: floor.state(id) == "completed")

    def test_its_lease_outlasts_long_jobs(self, floor, process, tmp_path: Path) -> None:
        go = tmp_path / "go"
        id = floor.put("wait", params={"go": str(go)})
        begun = floor.row(id)["created_at"]
        assert pid_of(floor, id)
        now = "SELECT clock_timestamp() - %s > make_interval(secs => %s) AS past"
        until(lambda: floor.admin.execute(now, (begun, 1.3 * factory.LEASE)).fetchone()["past"], 30)
        go.touch()
        until(lambda: floor.state(id) == "completed")
        assert floor.row(id)["attempt"] == 1

    def test_told_to_end_it_gives_back_what_does_not_stop(self, floor, process, tmp_path: Path) -> None:
        docile, deaf = (floor.put(kind, params={"go": str(tmp_path / "never")}) for kind in ("wait", "late"))
        assert pid_of(floor, docile) == pid_of(floor, deaf)
        process.terminate()
        assert process.wait(15) == 0
        assert floor.states([docile, deaf]) == ["queued", "queued"]
        assert [floor.events(id)[-1] for id in (docile, deaf)] == ["released", "released"]
        assert floor.row(deaf)["failures"] == 0

    def test_a_job_over_its_hard_limit_ends_the_process_and_costs_its_neighbours_nothing(
        self, floor, process, tmp_path: Path
    ) -> None:
        neighbour = floor.put("wait", params={"go": str(tmp_path / "never")})
        assert pid_of(floor, neighbour)
        stuck = floor.put("hang")
        assert process.wait(20) == ENDED_BY_FORCE
        row = floor.row(stuck)
        assert (row["state"], row["failures"], row["error"]["type"]) == ("queued", 1, "TimeLimitExceeded")
        assert (floor.state(neighbour), floor.row(neighbour)["failures"]) == ("queued", 0)

    def test_a_process_that_was_frozen_past_its_lease_ends(self, floor, process, tmp_path: Path) -> None:
        id = floor.put("wait", params={"go": str(tmp_path / "never")})
        os.kill(pid_of(floor, id), signal.SIGSTOP)
        floor.admin.execute("DELETE FROM tolva.workers WHERE id <> %s", (floor.worker,))
        os.kill(process.pid, signal.SIGCONT)
        assert process.wait(20) == ENDED_BY_FORCE

        def given_back() -> bool:
            floor.rescue()
            return floor.state(id) == "queued"

        # The process may have been quicker, and have taken the job again before its end: then a lease decides.
        until(given_back, 20)
