"""PostgreSQL: whether it answers, is new enough, and is set up as it must be."""

import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from tolva import app
from tolva.cli.doctor.finding import Finding, fault, note, ok, skipped
from tolva.cli.doctor.patient import Patient, with_server, with_settings, with_tables
from tolva.db.embedded import binaries
from tolva.db.migrate import OLDEST_SERVER, pending
from tolva.db.pool import APP_ROLE, Connection
from tolva.errors import SettingsError, TolvaError
from tolva.settings import Settings

API_CONNECTIONS = 11
"""The most that an API process opens: its pool, and one for live streams."""
OTHERS = 5
"""Room for a command line and a look with psql."""
CLOCK_MAX = 5.0
"""Seconds by which the clocks of this machine and of PostgreSQL may differ."""


@with_settings
def programs(patient: Patient) -> Finding:
    """The embedded PostgreSQL's programs, where they are needed."""
    if patient.tolva.database_url:
        return ok("not needed: DATABASE_URL is set")
    try:
        found = binaries.find()
        version = subprocess.run(  # noqa: S603
            [found.program("postgres"), "--version"], capture_output=True, text=True, check=True, timeout=20
        )
    except TolvaError as error:
        return fault("The embedded PostgreSQL is not installed.", str(error))
    except (OSError, subprocess.SubprocessError) as error:
        return fault(f"It does not run here: {error}", "Install tolva[embedded] anew, or set DATABASE_URL.")
    return ok(version.stdout.strip())


@with_settings
def answers(patient: Patient) -> Finding:
    """Whether PostgreSQL can be reached."""
    external = bool(patient.tolva.database_url)
    if patient.server is None:
        return ok("embedded, made at the first start")
    if isinstance(patient.server, TolvaError):
        remedy = "Check host, port, login and password of DATABASE_URL, and that the server runs."
        return fault(
            str(patient.server), remedy if external else f"See {patient.tolva.data_dir}/postgres/postgres.log."
        )
    with psycopg.connect(patient.server.dsn, connect_timeout=5) as conn:
        major, minor = divmod(conn.info.server_version, 10000)
        said = f"PostgreSQL {major}.{minor}, {'DATABASE_URL' if external else 'embedded'}"
        if conn.info.server_version < OLDEST_SERVER:
            return fault(f"{said} is too old.", "Tolva needs PostgreSQL 15 or later.")
        return ok(said)


@with_server
def login(patient: Patient) -> Finding:
    """Whether the login may act as the application, and no more than it needs."""
    facts = _ask(
        patient,
        """SELECT current_user AS login, me.rolsuper AS super, app.oid IS NOT NULL AS made,
             coalesce(pg_has_role(current_user, app.oid, 'MEMBER'), false) AS member,
             coalesce(app.rolsuper OR app.rolbypassrls, false) AS unbound
           FROM pg_roles me LEFT JOIN pg_roles app ON app.rolname = %s WHERE me.rolname = current_user""",
        APP_ROLE,
    )
    if not facts["made"]:
        return skipped(f"the role {APP_ROLE} is made by the first migration")
    if facts["unbound"]:
        remedy = f"ALTER ROLE {APP_ROLE} NOSUPERUSER NOBYPASSRLS;"
        return fault(f"{APP_ROLE} may bypass row-level security.", remedy)
    if not facts["member"]:
        return fault(
            f"'{facts['login']}' is no member of {APP_ROLE}.", f'As an owner: GRANT {APP_ROLE} TO "{facts["login"]}";'
        )
    if facts["super"]:
        remedy = f"Migrate with it, but run with a login that is a member of {APP_ROLE} only (docs/operations.md)."
        return note(f"'{facts['login']}' is a superuser; Tolva acts as {APP_ROLE}.", remedy)
    return ok(f"'{facts['login']}' acts as {APP_ROLE}")


@with_server
def migrations(patient: Patient) -> Finding:
    """Whether the database is of this version."""
    try:
        missing = pending(patient.running.admin_dsn, app.migrations())
    except SettingsError as error:
        said, _, remedy = str(error).partition(". ")
        return fault(f"{said}.", remedy)
    if missing:
        names = _named((each.module, each.name) for each in missing)
        remedy = f"Run: {patient.hints.command('migrate')} (`tolva up` does it too)."
        return fault(f"Pending: {names}", remedy)
    return ok(f"all {len(app.migrations())} applied")


def _named(migrations: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{module} {name}" for module, name in migrations)


@with_tables
def row_security(patient: Patient) -> Finding:
    """Whether tenants are kept apart: forced on every table that has a tenant, and active for the application."""
    with patient.asking() as conn:
        rows = conn.execute(
            """SELECT c.oid::regclass::text AS name, c.relrowsecurity AND c.relforcerowsecurity
                 AND row_security_active(c.oid) AS guarded
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
               WHERE c.relkind IN ('r', 'p') AND (c.relnamespace = 'tolva'::regnamespace
                 OR c.oid = to_regclass('products')) ORDER BY 1"""
        ).fetchall()
    if open_tables := [row["name"] for row in rows if not row["guarded"]]:
        remedy = (
            "As an owner, for each: ALTER TABLE … ENABLE ROW LEVEL SECURITY; ALTER TABLE … FORCE ROW LEVEL SECURITY;"
        )
        return fault(f"Not in force on: {', '.join(open_tables)}", remedy)
    return ok(f"forced on {len(rows)} tables")


@with_server
def connections(patient: Patient) -> Finding:
    """Whether PostgreSQL allows as many as API and one worker of these settings may open."""
    found = _ask(
        patient,
        """SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true), '0')::int AS allowed,
             (SELECT count(*) FROM pg_stat_activity
              WHERE backend_type = 'client backend' AND application_name NOT LIKE 'tolva%%') AS others""",
    )
    shares = app.shares(patient.tolva)
    apis = 1 if shares.inside else patient.tolva.api_processes
    needed = _of_workers(patient.tolva, shares) + API_CONNECTIONS * apis + OTHERS
    said = f"{found['allowed']} allowed, {found['others']} used by others, Tolva may want {needed}"
    if needed > found["allowed"] - found["others"]:
        return fault(
            f"{said}.",
            "Raise max_connections, or run fewer processes (TOLVA_PROCESSES, TOLVA_API_PROCESSES, and "
            "CELERY_WORKER_CONCURRENCY for Celery's queues).",
        )
    return ok(said)


def _of_workers(settings: Settings, shares: app.Shares) -> int:
    """Connections of one worker for each engine."""
    own, inside = (sum(each.slots for each in share) for share in (shares.own, shares.inside))
    # Each process: a pool for its slots, one to claim, one to listen. Who watches over them: a pool, and the heartbeat.
    of_own = settings.processes * (own + 4) + own + 3 if own else 0
    of_celery = settings.celery_worker_concurrency * (1 + 4) + 1 + 3 if shares.celery else 0
    return of_own + of_celery + (inside + 4 if inside else 0)


@with_server
def clocks(patient: Patient) -> Finding:
    """Whether this machine and PostgreSQL agree on the time: leases follow its clock, schedules ours."""
    began = time.monotonic()
    theirs: datetime = _ask(patient, "SELECT clock_timestamp() AS now")["now"]
    off = (datetime.now(UTC) - theirs).total_seconds() - (time.monotonic() - began) / 2
    if abs(off) > CLOCK_MAX:
        remedy = "Synchronise both (chrony, systemd-timesyncd): schedules would fire at the wrong time."
        return fault(f"This machine is {off:+,.0f} s off PostgreSQL's clock.", remedy)
    return ok(f"{abs(off) * 1000:,.0f} ms apart")


def _ask(patient: Patient, query: LiteralString, *given: object) -> dict[str, Any]:
    """One row, as the login itself: what is asked may be older than the application's role."""
    with Connection.connect(patient.running.dsn, connect_timeout=5, row_factory=dict_row) as conn:
        row = conn.execute(query, given or None).fetchone()
    assert row is not None
    return row
