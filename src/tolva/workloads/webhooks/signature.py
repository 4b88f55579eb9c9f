"""The signature of a delivery, by which whoever gets it knows that it is ours, whole and fresh."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
"""What every secret begins with, so that scanners for leaked secrets can know one."""


def new_secret() -> str:
    """A secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def signature(keys: Sequence[str], at: int, body: bytes) -> str:
    """The header `Tolva-Signature`: the time in seconds since 1970, and an HMAC-SHA256 with each of the keys.

    >>> signature(["whsec_1"], 1767225600, b"{}")
    't=1767225600,v1=849017716b812268864160df029154b6871d877566367917bb3c1d0ba1b21443'
    """
    signed = f"{at}.".encode() + body
    return ",".join([f"t={at}", *(f"v1={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}" for key in keys)])
