"""What every store of files does, whether a folder or a bucket. The same suite runs over both."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
from blake3 import blake3

from tests.servers.s3 import Place
from tolva.app import blobs
from tolva.connectors import received
from tolva.connectors.blobs import Blob, Blobs
from tolva.connectors.s3.bucket import PART
from tolva.errors import NotFound, TooLarge
from tolva.settings import load_settings

MOST = 64 * 1024**2
SMALL = b"codigo,nombre\n001,Guantes\n"
LARGE = os.urandom(2 * PART + 12_345)
"""More than fits into one part."""


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        made = blobs(load_settings(data_dir=tmp_path))
    else:
        made = blobs(request.getfixturevalue("place").settings(data_dir=tmp_path))
    made.prepare()
    return made


def keep(store: Blobs, content: bytes, step: int = 1024**2) -> Blob:
    with store.receive(MOST) as writer:
        for start in range(0, len(content), step):
            writer.write(content[start : start + step])
        return writer.keep()


def content_of(store: Blobs, blob: Blob) -> bytes:
    with store.scratch() as scratch:
        return store.local(blob, scratch).read_bytes()


def on_the_way(folder: Path) -> list[Path]:
    return list((folder / "files" / "incoming").iterdir())


@pytest.mark.parametrize("content", [SMALL, LARGE[:PART], LARGE], ids=["small", "one part", "several parts"])
def test_what_is_kept_is_found_again_whole(store: Blobs, content: bytes, tmp_path: Path) -> None:
    blob = keep(store, content)
    assert (blob.size, blob.blake3) == (len(content), blake3(content).hexdigest())
    assert content_of(store, blob) == content
    assert on_the_way(tmp_path) == []


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "several parts"])
def test_what_is_received_can_be_looked_at_before_it_is_kept(store: Blobs, content: bytes) -> None:
    with store.receive(MOST) as writer:
        writer.write(content)
        assert writer.path.read_bytes() == content
        assert writer.blake3 == blake3(content).hexdigest()


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "several parts"])
def test_what_is_not_kept_leaves_nothing(store: Blobs, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="broke off"), store.receive(MOST) as writer:
        writer.write(content)
        key = writer.path.name
        raise RuntimeError("broke off")
    with store.scratch() as scratch, pytest.raises(NotFound, match="TOLVA_RETENTION_DAYS"):
        store.local(Blob(key, len(content), blake3(content).hexdigest()), scratch)
    assert on_the_way(tmp_path) == []


def test_a_keep_can_be_taken_back(store: Blobs) -> None:
    with store.receive(MOST) as writer:
        writer.write(SMALL)
        blob = writer.keep()
        writer.discard(blob)
    with store.scratch() as scratch, pytest.raises(NotFound):
        store.local(blob, scratch)


def test_more_than_the_limit_is_refused_at_the_byte_that_is_too_much(store: Blobs) -> None:
    with store.receive(len(SMALL)) as writer:
        writer.write(SMALL)
        with pytest.raises(TooLarge, match="TOLVA_UPLOAD_MAX_MB"):
            writer.write(b"x")


def test_any_range_can_be_read(store: Blobs) -> None:
    blob = keep(store, LARGE)
    for start, end in [(0, 10), (PART - 5, PART + 5), (3, len(LARGE)), (len(LARGE) - 1, len(LARGE)), (7, 7)]:
        assert b"".join(store.read(blob, start, end)) == LARGE[start:end]


def test_a_range_of_a_file_that_is_gone_is_refused_before_its_first_byte(store: Blobs) -> None:
    with pytest.raises(NotFound, match="TOLVA_RETENTION_DAYS"):
        store.read(Blob(str(uuid4()), 9, ""), 0, 9)


def test_a_deleted_file_is_gone_and_deleting_it_again_is_fine(store: Blobs) -> None:
    blob = keep(store, SMALL)
    store.delete(blob.key)
    store.delete(blob.key)
    with store.scratch() as scratch, pytest.raises(NotFound):
        store.local(blob, scratch)


def test_no_key_leads_out_of_the_store(store: Blobs) -> None:
    for call in (store.delete, lambda key: store.read(Blob(key, 1, ""), 0, 1)):
        with pytest.raises(ValueError, match=r"UUID|uuid|character|length"):
            call("../../etc/passwd")


def test_a_store_that_is_there_answers_and_preparing_it_again_is_fine(store: Blobs) -> None:
    store.prepare()
    store.answers()


def test_leftovers_of_a_crash_are_swept_after_a_day_and_what_is_under_way_is_not(
    store: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "files" / "incoming" / str(uuid4())
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    with store.receive(MOST) as writer:
        writer.write(SMALL)
        store.sweep()
        assert on_the_way(tmp_path) == [writer.path]
    monkeypatch.setattr(received, "ABANDONED", -1.0)
    store.sweep()
    assert on_the_way(tmp_path) == []


def test_a_stored_file_is_fetched_once_for_each_job(place: Place, tmp_path: Path) -> None:
    store = blobs(place.settings(data_dir=tmp_path))
    blob = keep(store, SMALL)
    with store.scratch() as scratch:
        first = store.local(blob, scratch)
        store.delete(blob.key)
        assert store.local(blob, scratch) == first
    assert on_the_way(tmp_path) == []
