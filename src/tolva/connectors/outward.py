"""Posting to an address that somebody gave us: never to where only we can reach, unless that is allowed.

A name is resolved once, every address that it has is looked at, and the connection goes to one of those that were
looked at: a name that means something else a moment later gains nothing. TLS and the Host header still go by the name.
"""

import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from tolva.connectors.public_address import is_public
from tolva.connectors.resolve import resolve
from tolva.errors import InvalidInput, TryLater

WHOLE_CALL = 10.0
"""Seconds from the first look-up to the last byte."""
MOST_READ = 4096
"""Bytes of an answer that are read."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is its beginning."""

    status: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True)
class Outward:
    """`private` also allows addresses of this machine and its networks."""

    private: bool = False

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Whom to believe. Reading all the certificates takes a while: they are read with the first call, and once."""
        return httpx.create_ssl_context()

    def require_allowed(self, url: str) -> None:
        """Raises InvalidInput for an address that says by itself that it is not called; a name is looked up by `post`.

        >>> Outward().require_allowed("https://shop.example.com/"), Outward(private=True).require_allowed("http://[::1]/")
        (None, None)
        """
        host = httpx.URL(url).raw_host.decode()  # as it is called: `host` fails on letters that DNS takes
        if not self.private and not is_public(host) and _is_known(host):
            raise _not_public(host)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post once, following no redirect.

        Raises InvalidInput for an address that must not be called, TryLater when nobody answers in time.
        """
        backend = _CheckedBackend(self.private, time.monotonic() + WHOLE_CALL)
        try:
            with httpcore.ConnectionPool(self.tls, network_backend=backend) as pool:
                return _exchange(pool, httpx.URL(url), headers, body)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            why = str(error) or type(error).__name__
            raise TryLater(f"{httpx.URL(url).raw_host.decode()} does not answer properly: {why}") from error


def _is_known(host: str) -> bool:
    """Whether it needs no look-up.

    >>> _is_known("::1"), _is_known("localhost"), _is_known("shop.example.com")
    (True, True, False)
    """
    with suppress(ValueError):
        ip_address(host)
        return True
    return host == "localhost"


def _not_public(host: str) -> InvalidInput:
    return InvalidInput(
        f"{host} is, or leads to, an address that is not of the public Internet, and is not called."
        " Whoever runs Tolva can allow that with TOLVA_WEBHOOKS_PRIVATE=1."
    )


def _exchange(pool: httpcore.ConnectionPool, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Answer:
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    with pool.stream("POST", target, headers=sent, content=body) as response:
        came = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, came.get(b"retry-after"), _beginning(response.iter_stream()))


def _beginning(pieces: Iterable[bytes]) -> bytes:
    """The first bytes of an answer. Its status is what counts, so one that breaks off after it is an answer, too."""
    read = bytearray()
    with suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):  # what came counts
        for piece in pieces:
            read += piece
            if len(read) >= MOST_READ:
                break
    return bytes(read[:MOST_READ])


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were looked at, and gives up all of the call at one moment."""

    def __init__(self, private: bool, until: float) -> None:
        self._private = private
        self._until = until
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a name that answers. A silent one leaves the others their share of time."""
        *others, last = self._addresses(host, port)
        for tried, address in enumerate(others):
            try:
                return self._connect(address, port, socket_options, sharers=1 + len(others) - tried)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(last, port, socket_options)

    def _connect(
        self, address: str, port: int, options: Iterable[SocketOption] | None, sharers: int = 1
    ) -> httpcore.NetworkStream:
        stream = self._plain.connect_tcp(address, port, _left(self._until) / sharers, None, options)
        return _BoundedStream(stream, self._until)

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = resolve(host, port, _left(self._until))
        except UnicodeError:
            raise InvalidInput(f"'{host}' is no name of a host.") from None
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("its name is not resolved in time") from error
        except OSError as error:
            raise httpcore.ConnectError(f"its name cannot be resolved ({error.strerror})") from error
        if not self._private and not all(map(is_public, addresses)):
            raise _not_public(host)
        return addresses


class _BoundedStream(httpcore.NetworkStream):
    """A stream whose every step must be done by the same moment, however many steps there are."""

    def __init__(self, plain: httpcore.NetworkStream, until: float) -> None:
        self._plain = plain
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes."""
        return self._plain.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._plain.write(buffer, _left(self._until))

    def close(self) -> None:
        """End it."""
        self._plain.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted."""
        return _BoundedStream(self._plain.start_tls(ssl_context, server_hostname, _left(self._until)), self._until)

    def get_extra_info(self, info: str) -> Any:
        """What the stream knows of itself."""
        return self._plain.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("no answer in time")
    return left
