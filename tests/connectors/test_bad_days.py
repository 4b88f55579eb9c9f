"""A bucket that is busy, far, slow, or refuses: what passes is made good without a word, what stays is told."""

import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.test_contract import LARGE, MOST, SMALL, content_of, keep
from tests.jobs.workshop import until
from tests.servers.cable import BUSY, Cable, Fault, cable
from tests.servers.s3 import Place
from tolva.app import blobs
from tolva.connectors.blobs import Blob, place_of
from tolva.connectors.s3 import bucket as module
from tolva.connectors.s3.blobs import BucketBlobs
from tolva.connectors.s3.bucket import Bucket, Login
from tolva.connectors.s3.leftovers import abort_leftovers
from tolva.errors import Conflict, Forbidden, InvalidInput, NotFound, StorageUnavailable, TolvaError

SOON = {"init_backoff": timedelta(milliseconds=10), "max_backoff": timedelta(milliseconds=20), "base": 2}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.RETRIES, "backoff", SOON)
    monkeypatch.setitem(module.RETRIES, "max_retries", 2)
    monkeypatch.setitem(module.PATIENCE, "timeout", timedelta(seconds=2))


@pytest.fixture
def line(place: Place) -> Iterator[Cable]:
    with cable(place.aws.endpoint) as made:
        yield made


def far(place: Place, line: Cable, folder: Path) -> BucketBlobs:
    """The store at the other end of the cable."""
    made = blobs(place.settings(aws_endpoint_url=line.url, data_dir=folder))
    assert isinstance(made, BucketBlobs)
    return made


def puts(method: str, _path: str) -> bool:
    return method == "PUT"


def parts(method: str, path: str) -> bool:
    return method == "PUT" and "partNumber" in path


def gets(method: str, _path: str) -> bool:
    return method == "GET"


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "several parts"])
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"breaks": True}], ids=["503", "500", "cut"])
def test_what_goes_wrong_for_a_moment_is_made_good(
    place: Place, line: Cable, tmp_path: Path, content: bytes, fault: dict[str, Any]
) -> None:
    store = far(place, line, tmp_path)
    store.prepare()
    line.faults = [Fault(2, meets=puts, **fault), Fault(2, meets=gets, **fault)]
    blob = keep(store, content)
    assert content_of(store, blob) == content
    assert [each.times for each in line.faults] == [0, 0]


def test_a_part_that_does_not_get_through_in_time_is_sent_again(place: Place, line: Cable, tmp_path: Path) -> None:
    store = far(place, line, tmp_path)
    store.prepare()
    late = threading.Event()
    line.faults = [Fault(1, waits=late, meets=parts)]
    blob = keep(store, LARGE)
    late.set()
    assert content_of(store, blob) == LARGE


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "several parts"])
def test_a_bucket_that_stays_busy_is_told_and_nothing_of_the_file_is_left(
    place: Place, line: Cable, tmp_path: Path, content: bytes
) -> None:
    store = far(place, line, tmp_path)
    store.prepare()
    line.faults = [Fault(1000, 503, meets=puts)]
    with pytest.raises(StorageUnavailable, match=f"The bucket {place.bucket} at .* is asked too often"):
        keep(store, content)
    assert (place.objects, place.unfinished) == ({}, [])


def test_a_sender_hears_of_it_long_before_the_end(place: Place, line: Cable, tmp_path: Path) -> None:
    store = far(place, line, tmp_path)
    store.prepare()
    line.faults = [Fault(1000, 503)]
    with pytest.raises(StorageUnavailable), store.receive(MOST) as writer:
        writer.write(LARGE)
        until(lambda: not any(thread.name == "sender" for thread in threading.enumerate()))
        writer.write(LARGE)


def test_little_is_left_to_send_when_the_last_byte_has_come(place: Place, line: Cable, tmp_path: Path) -> None:
    store = far(place, line, tmp_path)
    with store.receive(MOST) as writer:
        writer.write(LARGE)
        until(lambda: sum(parts(*each) for each in line.seen) == len(LARGE) // module.PART)
        seen = len(line.seen)
        writer.keep()
    assert len(line.seen) - seen == 2  # the last part, and that it was the last


def test_an_upload_that_breaks_off_leaves_nothing_in_the_bucket(place: Place, tmp_path: Path) -> None:
    store = blobs(place.settings(data_dir=tmp_path))
    with store.receive(MOST) as writer:
        writer.write(LARGE)
        until(lambda: place.unfinished)
        assert place.objects == {}
    assert (place.objects, place.unfinished) == ({}, [])


@pytest.mark.parametrize(
    ("status", "code", "named"),
    [
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", "docs/operations.md"),
        (400, "ExpiredToken", "AWS_SESSION_TOKEN"),
        (403, "RequestTimeTooSkewed", "clock"),
        (404, "NoSuchBucket", "S3_BUCKET_NAME"),
        (400, "AuthorizationHeaderMalformed", "AWS_DEFAULT_REGION"),
        (301, "PermanentRedirect", "AWS_DEFAULT_REGION"),
        (503, "SlowDown", "too often"),
        (418, "Teapot", "AWS_ENDPOINT_URL"),
    ],
)
def test_whatever_a_bucket_answers_names_what_to_look_at(
    place: Place, line: Cable, tmp_path: Path, status: int, code: str, named: str
) -> None:
    store = far(place, line, tmp_path)
    store.prepare()
    blob = keep(store, SMALL)
    line.faults = [Fault(1000, status, BUSY.replace(b"SlowDown", code.encode()))]
    with store.scratch() as scratch:
        for call in (
            lambda: keep(store, SMALL),
            lambda: store.local(blob, scratch),
            lambda: store.delete(blob.key),
            store.sweep,
        ):
            with pytest.raises(StorageUnavailable, match=named):
                call()


@pytest.mark.parametrize(
    ("status", "code", "told", "kind"),
    [
        (404, "NoSuchKey", "Put it there again", NotFound),
        (404, "NoSuchBucket", "There is no bucket .* Make it", NotFound),
        (404, "", "There is no bucket .* Make it", NotFound),
        (403, "AccessDenied", "s3:GetObject .* s3:ListBucket", Forbidden),
        (403, "", "s3:GetObject .* s3:ListBucket", Forbidden),
        (301, "PermanentRedirect", "AWS_DEFAULT_REGION", InvalidInput),
        (403, "InvalidObjectState", "archived", InvalidInput),
        (412, "PreconditionFailed", "replaced", Conflict),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID", StorageUnavailable),
        (503, "SlowDown", "too often", StorageUnavailable),
    ],
)
def test_what_cannot_be_had_of_others_is_told_to_them_and_only_what_passes_is_waited_for(
    place: Place, line: Cable, status: int, code: str, told: str, kind: type[TolvaError]
) -> None:
    theirs = Bucket(place.bucket, line.url, Login(place.aws.region, place.aws.access_key, place.aws.secret_key))
    line.faults = [Fault(1000, status, BUSY.replace(b"SlowDown", code.encode()) if code else b"")]
    with pytest.raises(kind, match=told) as caught:
        theirs.read_unchanged("incoming/products/a.csv", 0, 5, "e")
    assert "S3_BUCKET_NAME" not in str(caught.value) or kind is StorageUnavailable


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid:9000"])
def test_nobody_at_the_other_end_is_told_with_the_variable(place: Place, tmp_path: Path, url: str) -> None:
    store = blobs(place.settings(aws_endpoint_url=url, data_dir=tmp_path))
    for call in (store.answers, lambda: keep(store, SMALL)):
        with pytest.raises(StorageUnavailable, match=f"{re.escape(url)} does not answer .*AWS_ENDPOINT_URL"):
            call()


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        ("AccessDenied", "somebody else's, name another with S3_BUCKET_NAME"),
    ],
)
def test_a_bucket_that_refuses_from_the_start_says_why(
    place: Place, line: Cable, tmp_path: Path, code: str, named: str
) -> None:
    store = far(place, line, tmp_path)
    line.faults = [Fault(1000, 403, BUSY.replace(b"SlowDown", code.encode()))]
    for call in (store.answers, lambda: keep(store, SMALL)):
        with pytest.raises(StorageUnavailable, match=named):
            call()


def test_a_bucket_of_somebody_else_is_not_taken_for_ours(place: Place, line: Cable, tmp_path: Path) -> None:
    store = far(place, line, tmp_path)
    taken = BUSY.replace(b"SlowDown", b"BucketAlreadyExists")
    line.faults = [Fault(1000, 409, taken, meets=puts)]
    with pytest.raises(StorageUnavailable, match=r"belongs to somebody else.*S3_BUCKET_NAME"):
        keep(store, SMALL)


def test_no_login_at_all_is_told(place: Place, line: Cable, monkeypatch: pytest.MonkeyPatch) -> None:
    line.faults = [Fault(1000, 403, b"")]
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", line.url)  # where a machine at AWS finds its role
    nobody = Bucket(place.bucket, place.aws.endpoint, Login("us-east-1"))
    with pytest.raises(StorageUnavailable, match="without a login: set AWS_ACCESS_KEY_ID"):
        nobody.is_there()


def test_a_process_starts_while_the_bucket_is_away_and_makes_it_once_it_is_back(
    place: Place, line: Cable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = far(place, line, tmp_path)
    line.faults = [Fault(1000, 503)]
    store.prepare()
    assert "Uploads are refused meanwhile" in caplog.text
    with pytest.raises(StorageUnavailable):
        keep(store, SMALL)
    line.faults = []
    assert content_of(store, keep(store, SMALL)) == SMALL


def test_a_bucket_of_another_region_is_made_there(place: Place, tmp_path: Path) -> None:
    blobs(place.settings(aws_region="eu-west-1", data_dir=tmp_path)).prepare()
    assert place.client.get_bucket_location(Bucket=place.bucket)["LocationConstraint"] == "eu-west-1"


@pytest.mark.parametrize("changed", [SMALL.upper(), SMALL[:-3], b""], ids=["other bytes", "shorter", "empty"])
def test_a_file_that_somebody_changed_is_not_taken_for_the_one_that_came(
    place: Place, tmp_path: Path, changed: bytes
) -> None:
    store = blobs(place.settings(data_dir=tmp_path))
    blob = keep(store, SMALL)
    place.client.put_object(Bucket=place.bucket, Key=place_of(blob.key), Body=changed)
    with store.scratch() as scratch, pytest.raises(NotFound, match="changed"):
        store.local(blob, scratch)


def test_what_a_crash_left_unfinished_in_the_bucket_is_taken_back_and_what_is_not_ours_is_left(
    place: Place, tmp_path: Path
) -> None:
    blobs(place.settings(data_dir=tmp_path)).prepare()
    ours = place_of("01a20181-4971-727b-a087-d5bc29d55f10")
    for name in (ours, "reports/2026.pdf"):
        place.client.create_multipart_upload(Bucket=place.bucket, Key=name)
    there = Bucket(
        place.bucket, place.aws.endpoint, Login(place.aws.region, place.aws.access_key, place.aws.secret_key)
    )
    assert abort_leftovers(there, older=1e9) == 0  # it may be under way; all that moto holds was begun in 2010
    assert abort_leftovers(there) == 1
    assert place.unfinished == ["reports/2026.pdf"]


def test_an_unfinished_upload_that_the_bucket_does_not_take_back_is_not_counted_and_told_of(
    place: Place, line: Cable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    blobs(place.settings(data_dir=tmp_path)).prepare()
    names = [place_of(f"01a20181-4971-727b-a087-d5bc29d55f1{n}") for n in range(3)]
    for name in names:
        place.client.create_multipart_upload(Bucket=place.bucket, Key=name)
    denied = BUSY.replace(b"SlowDown", b"AccessDenied")
    line.faults = [
        Fault(1, 403, denied, meets=lambda method, path: method == "DELETE" and names[0] in path),
        Fault(1, 404, b"", meets=lambda method, path: method == "DELETE" and names[1] in path),
    ]
    far_bucket = Bucket(place.bucket, line.url, Login(place.aws.region, place.aws.access_key, place.aws.secret_key))
    assert abort_leftovers(far_bucket) == 1
    assert sorted(place.unfinished) == names[:2]
    told = [each.message for each in caplog.records if each.name.endswith("leftovers")]
    assert [text.split(":")[0] for text in told[:-1]] == [
        f"the unfinished upload of {names[0]} could not be taken back"
    ]
    assert "docs/operations.md" in told[0] and told[-1].startswith("1 unfinished")


def test_many_parts_arrive_in_their_order(place: Place, tmp_path: Path) -> None:
    content = os.urandom(5 * module.PART + 1)
    store = blobs(place.settings(data_dir=tmp_path))
    assert content_of(store, keep(store, content, step=3_333_333)) == content


def test_a_missing_file_is_missing_and_the_bucket_is_not_blamed(place: Place, tmp_path: Path) -> None:
    store = blobs(place.settings(data_dir=tmp_path))
    store.prepare()
    with store.scratch() as scratch, pytest.raises(NotFound):
        store.local(Blob("01a20181-4971-727b-a087-d5bc29d55f10", 3, ""), scratch)
