"""Who acts at the command line: whoever can reach the database may do everything, and is named in the audit log."""

import getpass

from tolva.web.access.caller import Caller, Role


def at_terminal(tenant_id: str) -> Caller:
    """The caller that a command is."""
    return Caller(tenant_id, Role.ADMIN, f"{_login()}, command line")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "somebody"
