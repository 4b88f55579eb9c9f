"""The port of the API, which several processes share and nobody else."""

import socket
import sys
from contextlib import closing

import pytest

from tolva.errors import SettingsError
from tolva.settings import load_settings
from tolva.web.server.listener import listen, listen_beside


def taken(listener: socket.socket) -> int:
    """How many connections wait there."""
    listener.setblocking(False)
    for count in range(1000):
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
    raise AssertionError("there is no end of them")


def test_processes_share_the_connections_of_one_port() -> None:
    with closing(listen(load_settings(port=0))) as first, closing(listen_beside(first)) as second:
        clients = [socket.create_connection(first.getsockname()) for _ in range(64)]
        counts = [taken(first), taken(second)]
        for client in clients:
            client.close()
    assert sum(counts) == 64
    if sys.platform == "linux":  # elsewhere one of them may get them all
        assert min(counts) > 0


def test_a_restart_finds_its_port_free_though_calls_have_just_ended() -> None:
    with closing(listen(load_settings(port=0))) as first:
        port = first.getsockname()[1]
        second = listen_beside(first)
    with closing(second), socket.create_connection(second.getsockname()) as client:
        second.accept()[0].close()  # this side ends first, and waits for stragglers
        assert client.recv(1) == b""
    listen(load_settings(port=port)).close()


def test_a_second_installation_is_told_that_the_port_is_taken() -> None:
    with (
        closing(listen(load_settings(port=0))) as first,
        closing(listen_beside(first)),
        pytest.raises(SettingsError, match="Cannot listen on 127"),
    ):
        listen(load_settings(port=first.getsockname()[1]))


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
def test_a_client_that_is_gone_without_a_word_is_given_up() -> None:
    with closing(listen(load_settings(port=0))) as first, closing(listen_beside(first)) as second:
        for listener in (first, second):
            assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
    with (
        closing(listen(load_settings(port=0))) as alone,
        socket.create_connection(alone.getsockname()),
        closing(alone.accept()[0]) as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
