"""Files that others put into a bucket, which tells of them by a queue of SQS."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from string import ascii_letters
from typing import Any
from unittest import mock
from uuid import uuid4

import boto3
import psycopg
import pytest

from tests.catalog.test_contract import GOOD, as_csv
from tests.cli.conftest import Shell, homeless, tolva
from tests.cli.test_doctor import found
from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.servers.redis import RedisServer, redis_server
from tests.servers.s3 import Place, aws_server, place
from tests.service import Service, service, working
from tests.web.house import house
from tolva.connectors import sqs_mail
from tolva.connectors.sqs_mail import Mail, Message
from tolva.errors import BrokerUnavailable, DatabaseUnavailable
from tolva.jobs.step import Step
from tolva.jobs.store import MOST_LABEL
from tolva.settings import Settings
from tolva.workloads.intake.accept import add_upload
from tolva.workloads.intake.s3_inbox import take_in
from tolva.workloads.intake.s3_inbox.inbox import S3Inbox

__all__ = ["aws_server", "homeless", "place", "service", "tolva"]

FILE = as_csv(GOOD, ("002", "Gasas", "abc", "CS-2", "4"))
KEY = "incoming/products/proveedor_id=PROV001/lista de precios ñ+1.csv"


@dataclass(frozen=True)
class Inlet:
    """A bucket that is connected to a queue, and the client of whoever owns them."""

    place: Place
    client: Any
    url: str
    name: str

    def put(self, key: str = KEY, content: bytes = FILE) -> None:
        self.place.client.put_object(Bucket=self.place.bucket, Key=key, Body=content)

    def send(self, body: str) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def record(self, event: str = "ObjectCreated:Put", key: str = KEY) -> dict[str, Any]:
        """A message about a file, in the form of Amazon."""
        told = {"key": key, "size": len(FILE), "eTag": "e", "versionId": "v", "sequencer": "00"}
        place = {"bucket": {"name": self.place.bucket}, "object": told}
        return {"Records": [{"eventSource": "aws:s3", "eventName": event, "s3": place}]}

    @property
    def left(self) -> int:
        """Messages that are not deleted, also those that somebody has received."""
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=wanted)["Attributes"]
        return sum(int(told[name]) for name in wanted)


@pytest.fixture
def inlet(place: Place) -> Iterator[Inlet]:
    """Just connected: the bucket's first message, a test, is in the queue."""
    aws, name = place.aws, f"tolva-test-{uuid4().hex}"
    login = {"aws_access_key_id": aws.access_key, "aws_secret_access_key": aws.secret_key}
    with closing(boto3.client("sqs", endpoint_url=aws.endpoint, region_name=aws.region, **login)) as client:
        url = client.create_queue(QueueName=name)["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        place.client.create_bucket(Bucket=place.bucket)
        told = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
        told |= {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "incoming/"}]}}}
        place.client.put_bucket_notification_configuration(
            Bucket=place.bucket, NotificationConfiguration={"QueueConfigurations": [told]}
        )
        yield Inlet(place, client, url, name)


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path, inlet: Inlet) -> Settings:
    own = {"data_dir": tmp_path, "database_url": fresh.dsn, "port": 0, "upload_max_mb": 1}
    return inlet.place.settings(aws_region=inlet.place.aws.region, s3_events_queue_name=inlet.name, **own)


@pytest.fixture
def inbox(settings: Settings) -> S3Inbox:
    return S3Inbox(settings)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as made:
        yield made


def jobs_of(service: Service, kind: str = "s3_file") -> list[dict[str, Any]]:
    return service.client.get("/api/v1/jobs", params={"kind": kind}).json()["jobs"]


def taken_in(service: Service, inbox: S3Inbox) -> dict[str, Any]:
    """Read the inbox once, and do the one job that came of it."""
    inbox.take(service.jobs)
    with working(service):
        [job] = until(lambda: [each for each in jobs_of(service) if each["finished_at"]], 60)
    return job


def uploads(service: Service) -> list[dict[str, Any]]:
    return service.client.get("/api/v1/uploads").json()["uploads"]


def test_a_file_that_is_put_into_the_bucket_is_loaded_and_stays_there(
    service: Service, inbox: S3Inbox, inlet: Inlet
) -> None:
    inlet.put()
    inbox.take(service.jobs)
    with working(service):
        [load] = until(lambda: [each for each in uploads(service) if each["finished_at"]], 60)
    assert (load["state"], load["filename"]) == ("completed", "lista de precios ñ+1.csv")
    assert (load["constants"], load["size"]) == ({"proveedor_id": "PROV001"}, len(FILE))
    assert (load["progress"]["successful"], load["progress"]["failed"]) == (1, 1)
    [job] = jobs_of(service)
    assert (job["state"], job["result"]) == ("completed", {"upload": load["id"]})
    assert job["label"] == "lista de precios ñ+1.csv · PROV001"
    assert inlet.place.objects[KEY] == len(FILE)
    assert inlet.left == 0


def test_what_is_announced_twice_makes_one_upload(service: Service, inbox: S3Inbox, inlet: Inlet) -> None:
    inlet.put()
    inlet.put()
    inlet.send(json.dumps(inlet.record()))
    taken = inlet.client.receive_message(QueueUrl=inlet.url, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]
    assert len(taken) == 4  # with the bucket's test
    inlet.client.purge_queue(QueueUrl=inlet.url)
    for message in (taken[1], taken[2]):
        inlet.send(message["Body"])
    taken_in(service, inbox)
    inlet.send(taken[1]["Body"])
    inbox.take(service.jobs)
    assert len(jobs_of(service)) == len(uploads(service)) == 1
    assert inlet.left == 0


class Killed(BaseException):
    """What ends a process in the middle."""


def test_a_kill_before_the_message_is_deleted_makes_no_second_job(
    service: Service, inbox: S3Inbox, inlet: Inlet
) -> None:
    def die(_mail: Mail, messages: list[Message]) -> None:
        for each in messages:  # as it becomes by itself after a while
            inlet.client.change_message_visibility(QueueUrl=inlet.url, ReceiptHandle=each.receipt, VisibilityTimeout=0)
        raise Killed

    inlet.put()
    with mock.patch.object(Mail, "delete", die), pytest.raises(Killed):
        inbox.take(service.jobs)
    assert (len(jobs_of(service)), inlet.left) == (1, 2)
    inbox.take(service.jobs)
    assert (len(jobs_of(service)), inlet.left) == (1, 0)


def test_a_job_that_breaks_off_at_its_last_step_leaves_nothing_and_makes_one_upload_the_next_time(
    service: Service, inbox: S3Inbox, inlet: Inlet
) -> None:
    broken: list[set[str]] = []

    def break_once(*given: Any) -> None:
        add_upload(*given)
        if not broken:
            broken.append(set(inlet.place.objects))
            raise Killed

    inlet.put()
    with mock.patch.object(take_in, "add_upload", break_once):
        job = taken_in(service, inbox)
    assert (job["state"], job["attempt"]) == ("completed", 2)
    assert len(jobs_of(service, "bulk_upload")) == len(uploads(service)) == 1
    assert len(broken[0]) == len(inlet.place.objects) == 2  # what lay there after the first attempt is gone
    assert broken[0] != set(inlet.place.objects)


def test_a_job_that_was_taken_over_in_the_last_moment_leaves_no_file(
    service: Service, inbox: S3Inbox, inlet: Inlet
) -> None:
    there: list[set[str]] = []
    seal = Step.seal

    def lose(step: Step) -> None:
        if step.completes:
            there.append(set(inlet.place.objects))
            raise step.lost()
        seal(step)

    inlet.put()
    inbox.take(service.jobs)
    with mock.patch.object(Step, "seal", lose), working(service):
        until(lambda: there and set(inlet.place.objects) == {KEY}, 60)
    assert len(there[0]) == 2
    assert uploads(service) == []


def test_a_file_is_announced_in_an_envelope_of_sns_as_well(service: Service, inbox: S3Inbox, inlet: Inlet) -> None:
    inlet.send(json.dumps({"Type": "Notification", "Message": json.dumps(inlet.record())}))
    inbox.take(service.jobs)
    assert len(jobs_of(service)) == 1


@pytest.mark.parametrize("body", ["hello", "[]", '{"Records": 3}', '{"Records": [{"eventName": 1}]}', "{" * 9000])
def test_what_no_bucket_sends_is_dropped_and_told_of(
    service: Service, inbox: S3Inbox, inlet: Inlet, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    inlet.send(body)
    inbox.take(service.jobs)
    assert (jobs_of(service), inlet.left) == ([], 0)
    assert [each.levelname for each in caplog.records if "no bucket sends" in each.message] == ["WARNING"]


def changed(record: dict[str, Any], **told: Any) -> dict[str, Any]:
    """A record of which the file is told otherwise."""
    return record | {"s3": record["s3"] | {"object": record["s3"]["object"] | told}}


def in_bucket(record: dict[str, Any], name: str) -> dict[str, Any]:
    """A record of another bucket."""
    return record | {"s3": record["s3"] | {"bucket": {"name": name}}}


LONG = "".join(random.Random(1).choices(ascii_letters, k=9000))
"""What no entry of an index holds, compressed neither."""


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda _: 3, "it is made otherwise"),
        (lambda record: record | {"eventName": 7}, "it is made otherwise"),
        (lambda record: {"eventName": record["eventName"]}, "it has no 's3'"),
        (lambda record: record | {"s3": record["s3"] | {"object": {"size": 3}}}, "it has no 'key'"),
        (lambda record: changed(record, key=None), "it is made otherwise"),
        (lambda record: changed(record, key="incoming/products/%FF.csv"), "can't decode"),
        (lambda record: changed(record, key="incoming/products/a%00.csv"), "no file is called"),
        (lambda record: changed(record, size="many"), "invalid literal"),
        (lambda record: changed(record, size=-1), "no size"),
        (lambda record: changed(record, size=float("inf")), "it is made otherwise"),
        (lambda record: changed(record, key=f"incoming/products/{'ñ' * 600}"), "too long"),
        (lambda record: changed(record, eTag=LONG), "too long"),
        (lambda record: changed(record, versionId=LONG), "too long"),
        (lambda record: changed(record, sequencer=LONG), "too long"),
        (lambda record: changed(record, eTag="a\nb"), "no eTag"),
        (lambda record: changed(record, versionId=7), "it is made otherwise"),
        (lambda record: in_bucket(record, LONG), "no bucket"),
        (lambda record: in_bucket(record, "theirs/../ours"), "no bucket"),
    ],
)
def test_an_odd_record_is_dropped_and_told_of_and_its_neighbours_are_taken_in(
    service: Service,
    inbox: S3Inbox,
    inlet: Inlet,
    spoil: Callable[[dict[str, Any]], Any],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    [record] = inlet.record()["Records"]
    around = [changed(record, key=f"incoming/products/{n}.csv") for n in (1, 2)]
    inlet.send(json.dumps({"Records": [around[0], spoil(record), around[1]]}))
    inbox.take(service.jobs)
    assert sorted(each["label"] for each in jobs_of(service)) == ["1.csv", "2.csv"]
    [told] = [each.message for each in caplog.records if each.levelname == "WARNING"]
    assert "no bucket sends" in told and why in told
    assert inlet.left == 0


def test_a_record_of_any_depth_is_dropped_and_harms_nobody(inbox: S3Inbox, service: Service, inlet: Inlet) -> None:
    [record] = inlet.record()["Records"]
    for depth in range(900, 1000):
        body = json.dumps({"Records": [record, changed(record, versionId="deep")]})
        inlet.send(body.replace('"deep"', "[" * depth + "]" * depth))
    until(lambda: inbox.take(service.jobs) or inlet.left == 0, 60)
    assert len(jobs_of(service)) == 1


def test_the_longest_names_of_s3_are_taken_in(service: Service, inbox: S3Inbox, inlet: Inlet) -> None:
    [record] = inlet.record()["Records"]
    key = f"incoming/products/{LONG}"[:1024]
    longest = changed(in_bucket(record, LONG[:255]), key=key, versionId=LONG[:1024], eTag=LONG[:40], sequencer="0" * 32)
    inlet.send(json.dumps({"Records": [longest]}))
    inbox.take(service.jobs)
    assert [each["label"] for each in jobs_of(service)] == [key.rpartition("/")[2][:MOST_LABEL]]


def test_what_comes_while_the_database_is_away_comes_again_and_is_taken_in_once(
    service: Service, inbox: S3Inbox, inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs_mail, "HIDDEN", 1)
    inbox.take(service.jobs)  # the bucket's test
    [record] = inlet.record()["Records"]
    both = [record, changed(record, key="incoming/products/other.csv")]
    inlet.send(json.dumps({"Records": both[:1]}))
    inlet.send(json.dumps({"Records": both}))

    def away() -> None:
        raise DatabaseUnavailable("away")

    with mock.patch.object(service.jobs.db, "_get", away), pytest.raises(DatabaseUnavailable):
        inbox.take(service.jobs)
    assert (jobs_of(service), inlet.left) == ([], 2)

    def all_taken() -> bool:
        inbox.take(service.jobs)
        return inlet.left == 0

    until(all_taken, 60)
    assert len(jobs_of(service)) == 2


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ("ObjectRemoved:Delete", KEY),
        ("ObjectCreated:Put", "10/01a20181-4971-727b-a087-d5bc29d55f10"),
        ("ObjectCreated:Put", "incoming/lista.csv"),
        ("ObjectCreated:Put", "incoming/products/"),
    ],
)
def test_what_is_no_new_file_for_a_schema_is_left_alone_in_silence(
    service: Service, inbox: S3Inbox, inlet: Inlet, event: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    inlet.send(json.dumps(inlet.record(event, key)))
    inbox.take(service.jobs)
    assert (jobs_of(service), inlet.left) == ([], 0)
    assert [each for each in caplog.records if each.levelname == "WARNING"] == []


@pytest.mark.parametrize(
    ("key", "content", "told"),
    [
        ("incoming/prices/lista.csv", FILE, "There is no schema 'prices'. Known schemas: products."),
        (
            "incoming/products/lista.csv",
            FILE,
            "Parámetros obligatorios vacíos: proveedor_id. Put the file into a folder that says so: "
            "incoming/products/FIELD=VALUE/lista.csv.",
        ),
        ("incoming/products/proveedor_id=P/foto.csv", b"\x89PNG\r\n\x1a\n" + bytes(99), "pero su contenido no lo es"),
        ("incoming/products/proveedor_id=P//lista.csv", FILE, "a folder in its name is empty"),
        ("incoming/products/proveedor_id=P/lista.csv", b"", "vacío"),
        ("incoming/products/proveedor_id=P/lista.csv", b"x" * 1024**2 + b"y", "1 MB (TOLVA_UPLOAD_MAX_MB)"),
    ],
    ids=["no schema", "no constant", "no table", "no folder", "empty", "too large"],
)
def test_a_file_that_cannot_be_loaded_fails_and_says_why(
    service: Service, inbox: S3Inbox, inlet: Inlet, key: str, content: bytes, told: str
) -> None:
    inlet.put(key, content)
    job = taken_in(service, inbox)
    assert job["state"] == "failed"
    assert told in job["error"]["message"]
    assert uploads(service) == []


def test_its_page_says_where_the_file_lay_and_what_to_do(service: Service, inbox: S3Inbox, inlet: Inlet) -> None:
    inlet.put("incoming/products/lista.csv")
    job = taken_in(service, inbox)
    page = service.client.get(f"/jobs/{job['id']}", headers={"accept-language": "es"}).text
    assert f"s3://{inlet.place.bucket}/incoming/products/lista.csv" in page
    assert "Ponga el archivo en una carpeta que lo diga" in page


def test_a_file_that_is_gone_fails_until_it_is_there_again(service: Service, inbox: S3Inbox, inlet: Inlet) -> None:
    inlet.put()
    inlet.place.client.delete_object(Bucket=inlet.place.bucket, Key=KEY)
    job = taken_in(service, inbox)
    assert job["error"]["message"].startswith(f"The file {KEY} is not in the bucket {inlet.place.bucket} any more.")
    inlet.place.client.put_object(Bucket=inlet.place.bucket, Key=KEY, Body=FILE)
    service.client.post(f"/api/v1/jobs/{job['id']}/retry").raise_for_status()
    with working(service):
        until(lambda: jobs_of(service)[0]["state"] == "completed", 60)


def test_a_file_of_a_bucket_that_is_not_there_fails_and_says_so(service: Service, inbox: S3Inbox, inlet: Inlet) -> None:
    [record] = inlet.record()["Records"]
    record["s3"]["bucket"]["name"] = absent = f"{inlet.place.bucket}-absent"
    inlet.send(json.dumps({"Records": [record]}))
    job = taken_in(service, inbox)
    assert job["state"] == "failed"
    assert job["error"]["message"].startswith(f"There is no bucket {absent}.")
    [dead] = service.client.get("/api/v1/dead-letters").json()["dead_letters"]
    assert dead["id"] == job["id"]


def test_a_file_that_was_replaced_is_left_to_the_job_of_the_newer_one(
    service: Service, inbox: S3Inbox, inlet: Inlet
) -> None:
    inlet.put()
    inlet.put(content=as_csv(GOOD))
    inbox.take(service.jobs)
    with working(service):
        until(lambda: [each["state"] for each in jobs_of(service)] == ["completed"] * 2, 60)
    [upload] = uploads(service)
    assert upload["size"] == len(as_csv(GOOD))
    assert sorted(map(str, (each["result"] for each in jobs_of(service))))[0] == "{'replaced': True}"


def test_an_absent_queue_is_told_with_its_setting(service: Service, settings: Settings) -> None:
    absent = S3Inbox(settings.model_copy(update={"s3_events_queue_name": "nobody-made-it"}))
    with pytest.raises(BrokerUnavailable, match=r"no queue nobody-made-it in SQS.*S3_EVENTS_QUEUE_NAME"):
        absent.take(service.jobs)


@pytest.mark.parametrize("engine", ["postgres", "inline", "celery"])
def test_whoever_runs_jobs_also_reads_the_inbox(
    tolva: Shell, inlet: Inlet, tmp_path: Path, fresh: Fresh, redis: RedisServer, engine: str
) -> None:
    environment = inlet.place.environment | {"S3_EVENTS_QUEUE_NAME": inlet.name, "TOLVA_ENGINE": engine}
    environment |= {"CELERY_BROKER_URL": redis.url}
    inlet.put()
    with house(tolva, tmp_path, **environment) as home, psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
        home.start("up", "--port", "0")
        until(lambda: admin.execute("SELECT nombre FROM products").fetchall() == [("Guantes",)], 60)
        home.end()


def test_the_doctor_looks_into_the_inbox_and_takes_nothing_off(homeless: Shell, inlet: Inlet) -> None:
    inlet.put()
    environment = inlet.place.environment | {"S3_EVENTS_QUEUE_NAME": inlet.name}
    told = found(homeless("doctor", "--json", **environment))["inboxes"]
    assert (told["verdict"], told["said"]) == ("ok", f"the SQS queue {inlet.name}: 2 waiting")
    assert inlet.left == 2
    told = found(homeless("doctor", "--json", **environment | {"S3_EVENTS_QUEUE_NAME": "nobody-made-it"}))["inboxes"]
    assert told["verdict"] == "fault" and "S3_EVENTS_QUEUE_NAME" in told["said"]
