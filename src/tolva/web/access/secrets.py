"""What is handed out once and kept as a hash alone."""

import hashlib
import secrets
from dataclasses import dataclass, field

PREFIX = "tolva_"
"""What every key begins with, so that scanners for leaked secrets can know one."""
SHOWN = len(PREFIX) + 6
"""Characters that are kept to tell keys apart: 36 of the 256 random bits."""


@dataclass(frozen=True)
class Secret:
    """A fresh secret. `text` is for whoever asked for it, the rest is kept."""

    text: str = field(repr=False)

    @property
    def hash(self) -> bytes:
        """What is kept of it."""
        return hash_of(self.text)

    @property
    def beginning(self) -> str:
        """What lists show of it."""
        return self.text[:SHOWN]


def new_secret() -> Secret:
    """A secret of 256 random bits."""
    return Secret(PREFIX + secrets.token_urlsafe(32))


def hash_of(text: str) -> bytes:
    """SHA-256: as good as a slow hash for what nobody can guess."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
