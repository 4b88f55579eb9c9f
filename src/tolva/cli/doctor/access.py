"""Keys: who may call."""

from collections.abc import Sequence

from psycopg.rows import DictRow

from tolva.app import gate
from tolva.cli.doctor.finding import Finding, note, ok
from tolva.cli.doctor.patient import Patient, with_tables
from tolva.settings import DAY
from tolva.web.access.sql import SQL

SOON = 14 * DAY
"""Seconds before its end in which a key is to be told."""


@with_tables
def keys(patient: Patient) -> Finding:
    """Which keys are in force, which end soon, and whether anybody gets in without one."""
    with patient.asking() as conn:
        rows = conn.execute(SQL["key_overview"], {"soon": SOON}).fetchall()
    if not rows:
        return _without_keys(patient)
    if ending := [row for row in rows if row["expiring"]]:
        said = f"{_told(rows)}. Within {SOON / DAY:.0f} days end: {_told(ending, 'expiring')}"
        listed = patient.hints.command("key", "ls", "--tenant", ending[0]["tenant_id"])
        return note(f"{said}.", f"Make others in time (`tolva key create`); which ones end: {listed}")
    return ok(_told(rows))


def _without_keys(patient: Patient) -> Finding:
    assert patient.db is not None
    create = patient.hints.command("key", "create", "--role", "admin", "--name", "NAME")
    entrance = gate(patient.tolva, patient.db)
    if entrance.has_keys():
        return note("All keys are revoked or expired: nobody can call.", f"Make one: {create}")
    if entrance.on_loopback:
        return note(
            "Open to everybody on this machine: there are no keys yet.",
            f"Where others use this machine too, make one: {create}",
        )
    return note("Nobody can call: there are no keys yet, and other machines are let in.", f"Make one: {create}")


def _told(rows: Sequence[DictRow], count: str = "keys") -> str:
    """The counts of each tenant.

    >>> row = {"tenant_id": "acme", "keys": 2}
    >>> _told([row | {"role": "admin"}, row | {"role": "viewer", "tenant_id": "default"}])
    'acme: 2 admin; default: 2 viewer'
    """
    tenants = dict.fromkeys(row["tenant_id"] for row in rows)
    each = {name: [f"{row[count]} {row['role']}" for row in rows if row["tenant_id"] == name] for name in tenants}
    return "; ".join(f"{name}: {', '.join(told)}" for name, told in each.items())
