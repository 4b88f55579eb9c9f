"""Python, the settings and the port."""

import difflib
import os
import platform
import socket
import sys
from collections.abc import Mapping

import httpx

from tolva.cli.doctor.finding import Finding, fault, note, ok
from tolva.cli.doctor.patient import Patient, with_settings
from tolva.cli.variables import PREFIX, variables
from tolva.errors import TolvaError

OLDEST_PYTHON = (3, 11)
FOR_TESTS = "TOLVA_TEST_"
PATIENCE = 15.0
"""Seconds that a busy Tolva is waited for."""


def python(_patient: Patient) -> Finding:
    """The interpreter."""
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < OLDEST_PYTHON:
        return fault(found, "Install Python 3.11 or later, and Tolva into it.")
    return ok(found)


def settings(patient: Patient) -> Finding:
    """Whether every variable holds what it may, and none is misspelt."""
    if isinstance(patient.settings, TolvaError):
        return fault(str(patient.settings), "Mend these variables; docs/settings.md lists them all.")
    if strange := unknown(os.environ):
        said = ", ".join(f"{name} (did you mean {meant}?)" if meant else name for name, meant in strange.items())
        return fault(f"Unknown: {said}", "Correct or remove them; docs/settings.md lists all that exist.")
    if os.environ.get("DATABASE_URL") and os.environ.get("DB_DSN"):
        return note("DATABASE_URL and DB_DSN are both set; DATABASE_URL is used.", "Remove one of them.")
    return ok(f"valid; set: {', '.join(_given()) or 'none, all defaults'}")


def unknown(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like ours but are not, each with the one that was perhaps meant.

    >>> unknown({"TOLVA_PROCESES": "2", "TOLVA_PORT": "1", "HOME": "/"})
    {'TOLVA_PROCESES': 'TOLVA_PROCESSES'}
    """
    known = [name for variable in variables() for name in variable.names]
    ours = (name for name in sorted(environment) if name.startswith(PREFIX) and not name.startswith(FOR_TESTS))
    return {name: next(iter(difflib.get_close_matches(name, known, 1)), "") for name in ours if name not in known}


def _given() -> list[str]:
    return [name for variable in variables() for name in variable.names if name in os.environ]


@with_settings
def port(patient: Patient) -> Finding:
    """Whether the API can listen, or listens already."""
    host, number = patient.tolva.host, patient.tolva.port
    if number == 0:
        return ok("a free one at each start")
    if _can_bind(host, number):
        return ok(f"{number} on {host} is free")
    try:
        if _is_tolva(host, number):
            return ok(f"{number} on {host} is held by Tolva")
    except httpx.TimeoutException:
        return fault(
            f"Port {number} on {host} cannot be had, and nobody answered there within {PATIENCE:g} s: a busy Tolva, "
            "another program, or an address that is not of this machine.",
            "Ask the doctor again when the machine is less busy; if it is not Tolva, choose another with --port or "
            "TOLVA_PORT (0 takes a free one).",
        )
    return fault(
        f"Port {number} on {host} cannot be had: another program holds it, or the address is not of this machine.",
        "Choose another with --port or TOLVA_PORT (0 takes a free one), or end that program.",
    )


def _can_bind(host: str, number: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return False
    return True


def _is_tolva(host: str, number: int) -> bool:
    """Raises TimeoutException where that cannot be told."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    try:
        answer = httpx.get(f"http://{reached}:{number}/openapi.json", timeout=PATIENCE, trust_env=False)
        return answer.json()["info"]["title"] == "Tolva"
    except httpx.TimeoutException:
        raise
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False
