"""Where posts go, and where they never go."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.webhooks.receiver import Receiver
from tolva.connectors import outward
from tolva.connectors.outward import Outward
from tolva.connectors.public_address import is_public
from tolva.errors import InvalidInput, TryLater

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_only_we_can_reach_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_out_there_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:7f00:1]"]
)
def test_this_machine_is_not_called_under_any_of_its_names(receiver: Receiver, host: str) -> None:
    with pytest.raises((InvalidInput, TryLater)) as refused:
        Outward().post(f"http://{host}:{receiver.port}/", {}, b"{}")
    if isinstance(refused.value, TryLater):  # some resolvers know fewer spellings
        assert "cannot be resolved" in str(refused.value)
    assert receiver.got == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.8"])
def test_what_is_private_by_its_looks_can_be_refused_before_anything_is_sent(host: str) -> None:
    with pytest.raises(InvalidInput, match="TOLVA_WEBHOOKS_PRIVATE"):
        Outward().require_allowed(f"http://{host}:8080/")
    Outward(private=True).require_allowed(f"http://{host}:8080/")
    Outward().require_allowed("https://8.8.8.8/")


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """From now on every name has these addresses; answers with the names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: int, **named: int) -> object:
        if host in addresses:  # a connection to an address asks, too
            return real(host, port, *more, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_with_one_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(InvalidInput, match="TOLVA_WEBHOOKS_PRIVATE"):
        Outward().post("http://rebind.example.com/", {}, b"{}")


def test_the_connection_goes_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolved(monkeypatch, "127.0.0.1")
    checked: list[str] = []
    monkeypatch.setattr(outward, "is_public", lambda address: checked.append(address) or True)
    answer = Outward().post(f"http://shop.example.com:{receiver.port}/hook?a=1", {}, b"{}")
    assert (answer.status, asked, checked) == (200, ["shop.example.com"], ["127.0.0.1"])
    assert receiver.got[0].headers["host"] == f"shop.example.com:{receiver.port}"
    assert receiver.got[0].path == "/hook?a=1"


@contextmanager
def full(port: int) -> Iterator[str]:
    """An address at which connections are neither taken nor refused: a listener whose line is full."""
    with socket.socket() as listener, ExitStack() as waiting:
        listener.bind(("127.0.0.2", port))
        listener.listen(0)
        for _ in range(4):
            each = waiting.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(("127.0.0.2", port))
        yield "127.0.0.2"


def test_of_several_addresses_one_that_answers_is_enough(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved(monkeypatch, "127.0.0.2", "127.0.0.1")  # the receiver listens at the second alone
    assert Outward(private=True).post(f"http://shop.example.com:{receiver.port}/", {}, b"{}").status == 200


def test_a_silent_address_leaves_time_for_the_others(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "WHOLE_CALL", 2.0)
    with full(receiver.port) as silent:
        resolved(monkeypatch, silent, "127.0.0.1")
        assert Outward(private=True).post(f"http://shop.example.com:{receiver.port}/", {}, b"{}").status == 200


def test_a_name_that_is_not_resolved_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "WHOLE_CALL", 0.2)
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [] if over.wait() else None)
    try:
        with pytest.raises(TryLater, match="not resolved in time"):
            Outward().post("http://shop.example.com/", {}, b"{}")
    finally:
        over.set()


def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver) -> None:
    receiver.answers(302, Location=receiver.url)
    assert Outward(private=True).post(receiver.url, {}, b"{}").status == 302
    assert len(receiver.got) == 1


def test_of_a_long_answer_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.reply = lambda _: (200, {}, b"x" * 10_000_000)
    assert len(Outward(private=True).post(receiver.url, {}, b"{}").body) == 4096


@pytest.fixture
def dripping() -> Iterator[tuple[int, list[bytes]]]:
    """A server that sends what it is given, then a byte now and then for ever."""
    first: list[bytes] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as conn:
                conn.recv(65536)
                conn.sendall(first[0])
                try:
                    while not over.wait(0.05):
                        conn.sendall(b"a")
                except OSError:
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], first
        over.set()
        thread.join()


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nX-Long: "])
def test_who_answers_a_byte_now_and_then_is_given_up_in_time(
    dripping: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(outward, "WHOLE_CALL", 0.5)
    port, first = dripping
    first.append(begun)
    started = time.monotonic()
    with pytest.raises(TryLater, match="does not answer"):
        Outward(private=True).post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert time.monotonic() - started < 5


def test_an_answer_that_never_ends_counts_by_its_status(
    dripping: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outward, "WHOLE_CALL", 0.5)
    port, first = dripping
    first.append(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000000\r\n\r\n")
    assert Outward(private=True).post(f"http://127.0.0.1:{port}/", {}, b"{}").status == 202


def test_a_certificate_must_be_for_the_name(receiver: Receiver) -> None:
    with pytest.raises(TryLater):
        Outward(private=True).post(f"https://127.0.0.1:{receiver.port}/", {}, b"{}")
    assert receiver.got == []
