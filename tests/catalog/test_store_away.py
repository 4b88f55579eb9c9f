"""What becomes of an upload while the folder of stored files is not there."""

import shutil
from pathlib import Path

import pytest

from tests.catalog.test_contract import GOOD, as_csv, await_end, upload
from tests.jobs.workshop import until
from tests.service import Service, working
from tolva.connectors.blobs import Blob
from tolva.connectors.folder import FolderBlobs
from tolva.errors import NotFound, StorageUnavailable
from tolva.jobs import runner


def test_a_load_waits_for_the_disk_with_the_files_and_loses_no_try(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STORAGE_PAUSE", 0.3)
    files, away = service.settings.data_dir / "files", service.settings.data_dir / "away"
    task = upload(service, as_csv(GOOD)).json()["task_id"]
    files.rename(away)
    files.mkdir()  # an empty mount point
    with working(service), service.jobs.db.transaction("default") as conn:
        until(lambda: conn.execute("SELECT id FROM tolva.jobs WHERE attempt > 1 AND state = 'queued'").fetchone())
        shutil.rmtree(files)
        away.rename(files)
        view = await_end(service, task)
    assert (view["status"], view["progress"]["successful"]) == ("completed", 1)
    with service.jobs.db.transaction("default") as conn:
        job = conn.execute("SELECT failures, error FROM tolva.jobs WHERE id = %s", (task,)).fetchone()
    assert job == {"failures": 0, "error": None}


def test_a_single_file_that_is_gone_is_gone_for_good(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "files")
    unknown = Blob("01a20181-4971-727b-a087-d5bc29d55f10", 1, "")
    with pytest.raises(StorageUnavailable, match="Mount the disk"):
        blobs.local(unknown, tmp_path)
    blobs.prepare()
    with pytest.raises(NotFound, match="TOLVA_RETENTION_DAYS"):
        blobs.local(unknown, tmp_path)
