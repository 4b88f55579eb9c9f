"""A stored file has an upload, or it goes: whatever fails, and whenever a process is killed."""

import signal
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest

from tests.catalog.test_contract import GOOD, as_csv, stored_files, upload
from tests.jobs.test_endings import WAITING
from tests.jobs.workshop import until
from tests.service import Service
from tolva import app
from tolva.db.pool import Database
from tolva.errors import CommitLost, LeaseLost, StorageUnavailable
from tolva.settings import Settings
from tolva.workloads.intake import upkeep
from tolva.workloads.intake.kept import Keeping, kept
from tolva.workloads.intake.upkeep import intake_chores, take_back_files

KILLED = """
import os, signal, sys
from tests.intake.test_kept import keeping
from tolva.db.pool import Database
from tolva.settings import load_settings

with Database(sys.argv[1], name="killed") as db, keeping(load_settings(data_dir=sys.argv[2]), db):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def keeping(settings: Settings, db: Database) -> Generator[Keeping]:
    """A file that is stored and has no upload yet."""
    store = app.blobs(settings)
    store.prepare()
    with store.receive(9) as writer:
        writer.write(b"a,b\n1,2\n")
        with kept(partial(db.transaction, "t"), "t", writer) as made:
            yield made


def unclaimed(admin: psycopg.Connection) -> list[str]:
    return [str(key) for (key,) in admin.execute("SELECT blob FROM tolva.unclaimed_files")]


def test_a_file_goes_when_its_upload_is_refused_in_the_last_moment(service: Service, admin: psycopg.Connection) -> None:
    db = service.jobs.db
    with pytest.raises(LeaseLost), keeping(service.settings, db) as made, db.transaction("t") as conn:
        made.claim(conn)
        assert stored_files(service) == [made.blob.key]
        raise LeaseLost("as the end of a transaction of a job may say")
    assert (stored_files(service), unclaimed(admin)) == ([], [])


def test_a_file_that_a_killed_process_stored_goes_after_a_day_and_what_was_accepted_stays(
    service: Service, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(service, as_csv(GOOD)).raise_for_status()
    accepted = stored_files(service)
    command = [sys.executable, "-c", KILLED, service.jobs.db.dsn, str(service.settings.data_dir)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    assert unclaimed(admin) == [each for each in stored_files(service) if each not in accepted] != []
    store = app.blobs(service.settings)
    for chore in intake_chores(service.settings, service.jobs.db, store):
        chore.do()
    assert len(stored_files(service)) == 2  # it may be under way
    monkeypatch.setattr(upkeep, "ABANDONED", -60.0)
    for chore in intake_chores(service.settings, service.jobs.db, store):
        chore.do()
    assert (stored_files(service), unclaimed(admin)) == (accepted, [])


def test_a_file_stays_whose_claim_is_committed_though_nobody_hears_of_it(
    service: Service, admin: psycopg.Connection
) -> None:
    db = service.jobs.db
    with psycopg.connect(db.dsn) as lost, ThreadPoolExecutor() as pool:

        def break_off() -> None:
            with keeping(service.settings, db) as made:
                lost.execute("DELETE FROM tolva.unclaimed_files WHERE blob = %s", (made.blob.key,))
                raise CommitLost("nobody knows")

        lost.execute("SELECT set_config('role', 'tolva_app', false), set_config('app.tenant_id', 't', false)")
        broken = pool.submit(break_off)
        until(lambda: admin.execute(WAITING).fetchone())
        lost.commit()
        with pytest.raises(CommitLost):
            broken.result(30)
    assert (len(stored_files(service)), unclaimed(admin)) == (1, [])


def test_a_file_that_upkeep_has_taken_back_is_claimed_by_nobody(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = service.jobs.db
    monkeypatch.setattr(upkeep, "ABANDONED", -60.0)
    with pytest.raises(StorageUnavailable, match="Send it again"), keeping(service.settings, db) as made:
        take_back_files(db, app.blobs(service.settings))
        with db.transaction("t") as conn:
            made.claim(conn)
    assert stored_files(service) == []
