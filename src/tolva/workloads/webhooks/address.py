"""The address of a webhook as it may be given. Where its name leads to is looked at when something is sent."""

from httpx import URL, InvalidURL

from tolva.errors import InvalidInput

MOST = 2000
"""Characters of an address."""
WEB_PORTS = (80, 443)
LEAST_OTHER_PORT = 1024
"""Below it lie mail, SSH and the like, which must not be talked to in our name."""
LAST_PORT = 65_535


def checked_address(text: str) -> str:
    """The address, in one spelling. Raises InvalidInput.

    >>> checked_address("HTTPS://Éxample.com:443/hook?key=1")
    'https://xn--xample-9ua.com/hook?key=1'
    >>> checked_address("https://user:password@example.com/")
    Traceback (most recent call last):
    tolva.errors.InvalidInput: A webhook's address has no user and password. Leave them out.
    """
    url = _read(text)
    if url.scheme not in ("https", "http") or not url.raw_host:
        raise InvalidInput("A webhook's address begins with https:// or http:// and names a host.")
    if url.userinfo:
        raise InvalidInput("A webhook's address has no user and password. Leave them out.")
    if url.port is not None and url.port not in WEB_PORTS and not LEAST_OTHER_PORT <= url.port <= LAST_PORT:
        raise InvalidInput(f"Port {url.port} is not for webhooks. Use 443, 80, or one from 1024 to 65535.")
    return str(url.copy_with(host=url.raw_host.decode(), fragment=None))


def _read(text: str) -> URL:
    try:
        if len(text) > MOST:
            raise InvalidInput(f"A webhook's address has at most {MOST:,} characters.")
        return URL(text)
    except (InvalidURL, ValueError) as error:
        raise InvalidInput(f"'{text}' is no address: {error}") from None


def host_of(address: str) -> str:
    """What may be told of an address in errors: its path may hold a secret.

    >>> host_of("https://example.com/hooks/T0P-S3CR3T")
    'example.com'
    """
    return URL(address).raw_host.decode()  # as it is called; not every name of the old IDNA can be read back
