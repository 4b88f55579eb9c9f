"""What the keeper announces to the users: where the server is, or why there is none.

Believe it only while a keeper lives: who starts a keeper withdraws what the last one said.
"""

import json

from tolva.db.embedded.endpoint import Endpoint
from tolva.db.embedded.folder import Folder, write_whole
from tolva.errors import DatabaseUnavailable, SettingsError, TolvaError


def announce(folder: Folder, endpoint: Endpoint) -> None:
    """The server is ready there."""
    write_whole(folder.state, json.dumps({"host": endpoint.host, "port": endpoint.port}))


def announce_fault(folder: Folder, fault: TolvaError) -> None:
    """There is no server, for this reason."""
    write_whole(folder.state, json.dumps({"fault": str(fault), "lasting": isinstance(fault, SettingsError)}))


def withdraw(folder: Folder) -> None:
    """Nothing is known."""
    folder.state.unlink(missing_ok=True)


def read(folder: Folder) -> Endpoint | None:
    """Where the server is, or None while it is not known. Raises the announced fault."""
    try:
        state = json.loads(folder.state.read_bytes())
    except FileNotFoundError:
        return None
    if "fault" in state:
        raise (SettingsError if state["lasting"] else DatabaseUnavailable)(state["fault"])
    return Endpoint(state["host"], state["port"])
