"""`tolva doctor`: what is well, and what is not, with the remedy."""

import json
import socket
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Ran, Shell
from tests.conftest import Fresh
from tolva.cli.doctor import machine


def found(ran: Ran) -> dict[str, Any]:
    return {check["check"]: check for check in ran.json["checks"]}


def faults(ran: Ran) -> set[str]:
    return {name for name, check in found(ran).items() if check["verdict"] == "fault"}


def test_a_migrated_database_is_well(tolva: Shell):
    ran = tolva("doctor", "--json", TOLVA_PORT="0")
    assert (ran.code, faults(ran), ran.json["healthy"]) == (0, set(), True)
    assert found(ran)["workers"]["verdict"] == "note"
    assert "skipped" not in {check["verdict"] for check in ran.json["checks"]}


def test_a_folder_that_was_never_used_is_well_and_stays_unmade(homeless: Shell):
    ran = homeless("doctor", "--json", DATABASE_URL="", TOLVA_PORT="0")
    assert (ran.code, faults(ran)) == (0, set())
    assert not homeless.folder.exists()


def test_each_fault_comes_with_its_remedy(homeless: Shell):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        ran = homeless("doctor", "--json", TOLVA_PORT=port, TOLVA_PROCESES="2")
    assert (ran.code, faults(ran)) == (1, {"settings", "PostgreSQL", "port"})
    assert "TOLVA_PROCESES (did you mean TOLVA_PROCESSES?)" in found(ran)["settings"]["said"]
    assert "DATABASE_URL" in found(ran)["PostgreSQL"]["remedy"]
    assert "--port" in found(ran)["port"]["remedy"] and "end that program" in found(ran)["port"]["remedy"]


def test_nobody_is_told_to_end_what_may_be_a_busy_tolva(homeless: Shell, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ran = homeless("doctor", "--json", TOLVA_PORT=str(silent.getsockname()[1]))
    told = found(ran)["port"]
    assert told["verdict"] == "fault" and "nobody answered there within 0.1 s: a busy Tolva" in told["said"]
    assert "--port" in told["remedy"] and "end that program" not in told["remedy"]


def test_wrong_settings_are_named_and_their_values_kept_quiet(homeless: Shell):
    ran = homeless("doctor", TOLVA_PROCESSES="secret")
    assert ran.code == 1
    assert "TOLVA_PROCESSES" in ran.out
    assert "secret" not in ran.out + ran.err


@pytest.mark.parametrize("command", ["doctor", "up", "api", "worker", "migrate"])
def test_an_unknown_engine_is_refused_by_every_command_with_the_choices(homeless: Shell, command: str):
    ran = homeless(command, TOLVA_ENGINE="pigeon")
    assert ran.code == (1 if command == "doctor" else 2)
    assert "choose one of: postgres, inline" in ran.out + ran.err


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("ALTER TABLE tolva.jobs NO FORCE ROW LEVEL SECURITY", "row-level security"),
        ("DELETE FROM tolva.migrations WHERE name = '0001_products.sql'", "migrations"),
        ("UPDATE tolva.migrations SET digest = 'x' WHERE name = '0001_products.sql'", "migrations"),
        (
            """INSERT INTO tolva.queues (name) VALUES ('q');
            INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, run_at,
              params) VALUES (gen_random_uuid(), 'other', 'q', 'k', 5, 1, 1, 1, now() - interval '1 hour', '{}')""",
            "waiting jobs",
        ),
    ],
)
def test_harm_to_the_database_is_found(tolva: Shell, fresh: Fresh, harm: str, check: str):
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(harm)
    ran = tolva("doctor", "--json", TOLVA_PORT="0")
    assert (ran.code, faults(ran)) == (1, {check})
    assert found(ran)[check]["remedy"]


def test_destinations_are_looked_at_and_their_passwords_kept_quiet(tolva: Shell, fresh: Fresh):
    where = psycopg.conninfo.conninfo_to_dict(fresh.admin_dsn)
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS loader")
        conn.execute("CREATE ROLE loader LOGIN PASSWORD 'hunter2'")
        address = psycopg.conninfo.make_conninfo(**where | {"user": "loader", "password": "hunter2"})

        def look(**destinations: str) -> tuple[Ran, dict[str, Any]]:
            given = json.dumps({f"default/{name}": each for name, each in destinations.items()})
            ran = tolva("doctor", "--json", TOLVA_PORT="0", TOLVA_DESTINATIONS=given)
            assert "hunter2" not in ran.out + ran.err
            return ran, found(ran)["destinations"]

        ran, check = look(erp=address, crm="postgresql://loader:hunter2@127.0.0.1:1/x?connect_timeout=1")
        assert (ran.code, faults(ran)) == (1, {"destinations"})
        assert "Destination 'crm' does not answer" in check["said"]
        assert '"loader" may make no table in public' in check["said"]
        assert 'default/erp: GRANT CREATE ON SCHEMA "public" TO "loader";' in check["remedy"]
        conn.execute("GRANT CREATE ON SCHEMA public TO loader; CREATE TABLE tolva_handover (job_id uuid)")
        assert '"loader" may not use tolva_handover' in look(erp=address)[1]["said"]
        conn.execute("DROP TABLE tolva_handover")
        ran, check = look(erp=address)
        assert (ran.code, check["said"].startswith("default/erp: loader in ")) == (0, True)


def test_a_login_without_the_role_is_told_what_to_grant(tolva: Shell, fresh: Fresh):
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS stranger")
        conn.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
        host = psycopg.conninfo.conninfo_to_dict(fresh.dsn)
    url = psycopg.conninfo.make_conninfo(**host | {"user": "stranger", "password": "x"})
    ran = tolva("doctor", "--json", DATABASE_URL=url, TOLVA_PORT="0")
    assert ran.code == 1
    assert 'GRANT tolva_app TO "stranger"' in found(ran)["login and roles"]["remedy"]
