"""The passwords of the two logins, in a file that only the folder's owner reads."""

import json
import secrets
from dataclasses import asdict, dataclass, field

from tolva.db.embedded.folder import Folder, write_whole


@dataclass(frozen=True)
class Passwords:
    """Letters and digits only, so they fit into SQL and URLs as they are."""

    postgres: str = field(repr=False)
    tolva: str = field(repr=False)


def make() -> Passwords:
    """New ones, in force nowhere yet."""
    return Passwords(postgres=secrets.token_hex(32), tolva=secrets.token_hex(32))


def read(folder: Folder) -> Passwords | None:
    """Those in force, or None when their file is lost or spoilt."""
    try:
        return Passwords(**json.loads(folder.passwords.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def keep(folder: Folder, passwords: Passwords) -> None:
    """Write down those in force; on the disk when this returns."""
    write_whole(folder.passwords, json.dumps(asdict(passwords)), durable=True)
