"""An API process whose store is a bucket: what it holds in memory, and what it leaves when it is killed."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Shell, tolva
from tests.intake.test_resumable import Sender
from tests.jobs.workshop import until
from tests.servers.s3 import Place, aws_server, place
from tests.web.house import HEADER, UPLOAD, House, house
from tolva.connectors.s3.bucket import Bucket, Login
from tolva.connectors.s3.leftovers import abort_leftovers

__all__ = ["aws_server", "place", "tolva"]

MB = 1024**2
EDGE = "tolva-test-edge"


@pytest.fixture
def home(tolva: Shell, place: Place, tmp_path: Path) -> Iterator[House]:
    with house(tolva, tmp_path, **place.environment) as made:
        yield made


def form(size: int) -> Iterator[bytes]:
    """A multipart form with a CSV of at least `size` bytes."""
    yield f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\n\r\n{HEADER}\n'.encode()
    line = f"001,{'x' * 500},1,CS,3\n".encode() * 500
    for _ in range(0, size, len(line)):
        yield line
    yield f"\r\n--{EDGE}--\r\n".encode()


def test_memory_does_not_grow_with_the_file(home: House, place: Place) -> None:
    client, _ = home.api()
    process = psutil.Process(home.processes[0].pid)

    def most_while_sending(size: int) -> int:
        most = 0

        def watched() -> Iterator[bytes]:
            nonlocal most
            for piece in form(size):
                most = max(most, process.memory_info().rss)
                yield piece

        headers = {"content-type": f"multipart/form-data; boundary={EDGE}"}
        answer = client.post(UPLOAD, params={"proveedor_id": "P"}, content=watched(), headers=headers)
        assert answer.status_code == 202, answer.text
        return most

    before = most_while_sending(30 * MB)
    assert most_while_sending(200 * MB) < before + 40 * MB
    assert sum(place.objects.values()) > 230 * MB


def test_a_resumable_upload_outlives_the_process_that_received_it(home: House, place: Place) -> None:
    content = b"".join(form(40 * MB)).split(b"\r\n\r\n", 1)[1].rpartition(b"\r\n--")[0]
    client, _ = home.api()
    path = Sender(client).begin(len(content))
    send = f"PATCH {path} HTTP/1.1", f"Host: {client.base_url.netloc.decode()}", f"Content-Length: {len(content)}"
    tus = "Tus-Resumable: 1.0.0", "Upload-Offset: 0", "Content-Type: application/offset+octet-stream"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as line:
        line.sendall("\r\n".join([*send, *tus, "", ""]).encode() + content[: 30 * MB])
        there = until(lambda: Sender(client).offset(path), 60)
        home.processes[0].kill()
        home.processes[0].wait()
    assert 16 * MB <= there <= 30 * MB
    other, _ = home.api()
    assert Sender(other).offset(path) == there
    answer = Sender(other).send(path, content[there:], there)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(content)))
    assert list(place.objects.values()) == [len(content)]


def test_a_process_that_is_killed_in_the_middle_leaves_no_object(home: House, place: Place) -> None:
    client, _ = home.api()
    sender = socket.create_connection((client.base_url.host, client.base_url.port or 80))
    head = [f"POST {UPLOAD}?proveedor_id=P HTTP/1.1", f"Host: {client.base_url.netloc.decode()}"]
    head += [f"Content-Length: {90 * MB}", f"Content-Type: multipart/form-data; boundary={EDGE}"]
    sender.sendall("\r\n".join([*head, "", ""]).encode())
    for piece, _ in zip(form(40 * MB), range(100), strict=False):
        sender.sendall(piece)
    until(lambda: place.unfinished, 60)
    home.processes[0].kill()
    home.processes[0].wait()
    sender.close()
    assert place.objects == {}
    login = Login(place.aws.region, place.aws.access_key, place.aws.secret_key)
    assert abort_leftovers(Bucket(place.bucket, place.aws.endpoint, login)) == 1
    assert place.unfinished == []
