"""What `tolva doctor` says of the bucket of the stored files."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Shell
from tests.cli.test_doctor import found
from tests.servers.cable import BUSY, Cable, Fault, cable
from tests.servers.s3 import Place, aws_server, place

__all__ = ["aws_server", "place"]

CHECK = "stored files"


@pytest.fixture
def line(place: Place) -> Iterator[Cable]:
    with cable(place.aws.endpoint) as made:
        yield made


def test_a_bucket_that_is_not_there_yet_is_well_and_stays_unmade(homeless: Shell, place: Place) -> None:
    told = found(homeless("doctor", "--json", **place.environment))[CHECK]
    assert told["verdict"] == "ok" and "made at the first start" in told["said"]
    assert place.bucket not in str(place.client.list_buckets())


def test_a_bucket_is_tried_out_and_left_as_it_was(homeless: Shell, place: Place) -> None:
    place.client.create_bucket(Bucket=place.bucket)
    told = found(homeless("doctor", "--json", **place.environment))[CHECK]
    assert told["verdict"] == "ok" and place.bucket in told["said"]
    assert place.objects == {}


@pytest.mark.parametrize(("method", "what"), [("PUT", "write"), ("GET", "read"), ("DELETE", "delete")])
def test_each_right_that_is_missing_is_named(
    homeless: Shell, place: Place, line: Cable, method: str, what: str
) -> None:
    place.client.create_bucket(Bucket=place.bucket)
    denied = BUSY.replace(b"SlowDown", b"AccessDenied")
    line.faults = [Fault(9, 403, denied, meets=lambda asked, _path: asked == method)]
    told = found(homeless("doctor", "--json", **place.environment | {"AWS_ENDPOINT_URL": line.url}))[CHECK]
    assert told["verdict"] == "fault"
    assert f"cannot {what}: The bucket {place.bucket} at {line.url} may not be used so" in told["said"]
    assert "docs/operations.md" in told["remedy"]


def test_a_wrong_address_and_half_a_login_are_named_and_the_secret_is_kept_quiet(homeless: Shell, place: Place) -> None:
    ran = homeless("doctor", "--json", **place.environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert "AWS_ENDPOINT_URL" in found(ran)[CHECK]["said"]
    assert place.aws.secret_key not in ran.out + ran.err
    ran = homeless("doctor", "--json", **place.environment | {"AWS_ACCESS_KEY_ID": ""})
    assert "AWS_SECRET_ACCESS_KEY go together" in found(ran)["settings"]["said"]
