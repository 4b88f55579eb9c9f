"""Which addresses are out there, and which are of this machine, of its networks, or of nobody."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

REFUSED = tuple(
    map(
        ip_network,
        (
            "192.88.99.0/24",  # relays into 6to4
            "168.63.129.16/32",  # public by its number, but it is the host of Azure's machines
            "::/96",  # an IPv4 address in disguise, as are the next four
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "2001::/32",
            "2002::/16",
            "fec0::/10",  # of a site, in the old way
        ),
    )
)
"""What Python's `is_global` lets pass, or does in some versions."""


def is_public(text: str) -> bool:
    """Whether an address is one of the public Internet. What is no address is not.

    >>> [is_public(text) for text in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1", "fe80::1%eth0", "nonsense")]
    [True, False, False, False, False]
    """
    try:
        address = _plain(ip_address(text))
    except ValueError:
        return False
    if any(address.version == network.version and address in network for network in REFUSED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that is written as one of IPv6 is judged as what it is."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
