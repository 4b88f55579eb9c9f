"""Where a browser's request comes from: another site must not act with what the browser holds of ours."""

from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""


FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""What a proxy adds: behind one, whoever calls is not this machine, though the proxy may be."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach, or mean, that host.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "tolva.example")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def network_of(host: str) -> str:
    """Whom an address stands for: with IPv6, one sender has all that begin with the same 64 bits.

    >>> network_of("203.0.113.9"), network_of("::ffff:203.0.113.9"), network_of("2001:db8:1:2:3::4"), network_of("")
    ('203.0.113.9', '::ffff:203.0.113.9', '2001:db8:1:2::/64', '')
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address) or address.ipv4_mapped:
        return host
    return str(ip_network((int(address), 64), strict=False))


def means_this_machine(request: HTTPConnection) -> bool:
    """Whether the request names this machine: a name of somebody else's that points here would be theirs to script."""
    proxied = any(name in request.headers for name in FORWARDED)
    return not proxied and is_loopback(host_named(request.headers.get("host", "")))


def comes_from_this_machine(request: HTTPConnection) -> bool:
    """Whether a program on this machine asks, with no proxy between us."""
    return request.client is not None and is_loopback(request.client.host) and means_this_machine(request)


def host_named(host: str) -> str:
    """The name in a Host header, without its port; nothing where it cannot be read.

    >>> host_named("localhost:8000"), host_named("[::1]:8000"), host_named("[")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def may_act(request: HTTPConnection) -> bool:
    """Whether a request that needs no key of its own (a cookie does, or nothing) may change something.

    Browsers tell since 2023 (`Sec-Fetch-Site`, over HTTPS and on this machine) or since 2020 (`Origin`) which site
    asks. What tells neither is no browser.
    """
    if request.scope["type"] == "http" and request.scope["method"] in SAFE:
        return True
    site = request.headers.get("sec-fetch-site")
    return site in ("same-origin", "none") if site else _same_origin(request.headers)


def _same_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")
