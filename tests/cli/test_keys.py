"""`tolva key` and `tolva audit`; and what starting the API and the doctor say of keys."""

import re
import signal
import subprocess

import psycopg
import pytest

from tests.cli.conftest import Shell
from tests.cli.test_doctor import found
from tests.conftest import Fresh
from tolva.cli import portions
from tolva.web.access import audit
from tolva.web.access.secrets import hash_of


def create(tolva: Shell, *more: str, role: str = "admin") -> dict[str, str]:
    ran = tolva("key", "create", "--role", role, *more, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def test_a_key_is_printed_once_and_kept_as_a_hash(tolva: Shell, fresh: Fresh):
    ran = tolva("key", "create", "--role", "operator", "--name", "till", "--days", "30")
    key = ran.out.splitlines()[0]
    assert re.fullmatch(r"tolva_[\w-]{43}", key)
    assert "it is not shown again" in ran.out
    with psycopg.connect(fresh.admin_dsn) as conn:
        [kept] = conn.execute("SELECT hash, name, role, expires_at - now() < '30 days' FROM tolva.keys").fetchall()
    assert kept == (hash_of(key), "till", "operator", True)
    assert key not in tolva("key", "ls").out + tolva("key", "ls", "--json").out + tolva("audit", "--json").out


def test_a_first_key_that_is_no_administrators_is_warned_of(tolva: Shell):
    warned = tolva("key", "create", "--role", "operator", "--json")
    assert warned.json["role"] == "operator" and "tolva key create --role admin" in warned.err
    assert "first key" not in tolva("key", "create", "--role", "operator").err, "the second is no first one"


def test_an_administrators_first_key_needs_no_warning(tolva: Shell):
    assert "first key" not in tolva("key", "create", "--role", "admin").err


def test_keys_are_listed_by_tenant_with_what_became_of_them(tolva: Shell):
    assert "tolva key create --role operator" in tolva("key", "ls").out
    first, _ = create(tolva), create(tolva, "--tenant", "acme", role="viewer")
    assert [key["id"] for key in tolva("key", "ls", "--json").json] == [first["id"]]
    assert tolva("key", "revoke", first["id"]).code == 0
    assert "revoked" in tolva("key", "ls").out


def test_lists_of_keys_and_of_the_audit_log_tell_the_call_for_the_next_page(tolva: Shell):
    first, second = create(tolva), create(tolva)
    ran = tolva("key", "ls", "--limit", "1")
    assert f"key ls --limit 1 --before {second['id']}" in ran.out
    assert [key["id"] for key in tolva("key", "ls", "--before", second["id"], "--json").json] == [first["id"]]
    assert "No such keys." in tolva("key", "ls", "--before", first["id"]).out
    ran = tolva("audit", "--action", "key.create", "--limit", "1")
    [line] = tolva("audit", "--target", second["id"], "--json").json
    assert f"audit --action key.create --limit 1 --before {line['id']}" in ran.out
    assert [each["target"] for each in tolva("audit", "--before", line["id"], "--json").json] == [first["id"]]
    assert "No such lines." in tolva("audit", "--action", "key.revoke").out


def test_the_audit_log_is_looked_through_until_its_end_or_says_how_to_go_on(
    tolva: Shell, monkeypatch: pytest.MonkeyPatch
):
    first, _ = create(tolva), create(tolva)
    rare = "audit", "--action", "key.create", "--target", first["id"]
    monkeypatch.setattr(audit, "LOOKED", 1)
    assert [line["target"] for line in tolva(*rare, "--json").json] == [first["id"]]
    never = "audit", "--actor", tolva(*rare, "--json").json[0]["actor"], "--action", "key.revoke"
    assert tolva(*never).out == "No such lines.\n"
    monkeypatch.setattr(portions, "MOST_PORTIONS", 1)
    ran = tolva(*never)
    assert "None so far.\nThere are older lines to look at. more: tolva audit" in ran.out
    ran = tolva(*never, "--json")
    assert (ran.json, "more: tolva audit" in ran.err) == ([], True)


def test_revoking_again_changes_nothing_and_what_is_no_key_of_the_tenant_is_told(tolva: Shell):
    key = create(tolva)
    first = tolva("key", "revoke", key["id"], "--json").json
    assert tolva("key", "revoke", key["id"], "--json").json == first
    for id, said in (("x", "tolva key ls"), ("0198c5a2-3e5b-7c10-8f2e-5a1f0c9d4b7e", "no key")):
        ran = tolva("key", "revoke", id)
        assert (ran.code, said in ran.err) == (2, True)
    assert tolva("key", "revoke", key["id"], "--tenant", "acme").code == 2


@pytest.mark.parametrize("name", [" ", "a\nb", "x" * 101])
def test_a_name_that_is_none_is_refused(tolva: Shell, name: str):
    ran = tolva("key", "create", "--role", "viewer", "--name", name)
    assert (ran.code, "needs a name" in ran.err) == (2, True)


def test_a_time_beyond_a_century_is_refused(tolva: Shell):
    ran = tolva("key", "create", "--role", "viewer", "--days", "1e9")
    assert (ran.code, "36500" in ran.err, "Traceback" in ran.err) == (2, True, False)


def test_the_audit_log_names_who_was_at_the_command_line(tolva: Shell):
    assert "Nothing was noted yet" in tolva("audit").out
    key = create(tolva)
    tolva("key", "revoke", key["id"])
    lines = tolva("audit", "--json").json
    assert [(line["action"], line["target"]) for line in lines] == [
        ("key.revoke", key["id"]),
        ("key.create", key["id"]),
    ]
    assert lines[0]["actor"].endswith(", command line")
    assert len(tolva("audit", "--actor", lines[0]["actor"], "--limit", "1", "--json").json) == 1
    assert tolva("audit", "--actor", "nobody", "--json").json == []
    assert tolva("audit", "--tenant", "acme", "--json").json == []


def test_an_api_that_others_reach_says_that_nobody_can_call_and_what_to_do(tolva: Shell):
    """Until there is a key."""
    assert "Make the first one: tolva key create --role admin" in begun(tolva)
    create(tolva)
    assert "Make the first one" not in begun(tolva)


def begun(tolva: Shell) -> str:
    """What `tolva api` says until it serves."""
    command = tolva.command("api", "--host", "0.0.0.0", "--port", "0")
    with subprocess.Popen(command, env=tolva.environment(), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = list[str]()
            for line in process.stderr:
                said.append(line)
                if "startup complete" in line:
                    break
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
    return "".join(said)


def keys_found(tolva: Shell, **more: str) -> tuple[str, str, str]:
    check = found(tolva("doctor", "--json", TOLVA_PORT="0", **more))["keys"]
    return check["verdict"], check["said"], check["remedy"]


def test_the_doctor_tells_who_gets_in(tolva: Shell):
    verdict, said, remedy = keys_found(tolva)
    assert (verdict, "Open to everybody on this machine" in said) == ("note", True)
    assert "key create" in remedy
    assert "Nobody can call" in keys_found(tolva, TOLVA_HOST="0.0.0.0")[1]
    create(tolva)
    create(tolva, "--tenant", "acme", role="viewer")
    key = create(tolva, "--tenant", "acme", role="viewer")
    assert keys_found(tolva)[:2] == ("ok", "acme: 2 viewer; default: 1 admin")
    tolva("key", "revoke", key["id"], "--tenant", "acme")
    assert keys_found(tolva)[1] == "acme: 1 viewer; default: 1 admin"


def test_the_doctor_warns_of_keys_that_end_soon_and_of_none_that_is_left(tolva: Shell):
    key = create(tolva, "--days", "13")
    verdict, said, remedy = keys_found(tolva)
    assert (verdict, said) == ("note", "default: 1 admin. Within 14 days end: default: 1 admin.")
    assert "key ls --tenant default" in remedy
    tolva("key", "revoke", key["id"])
    assert "All keys are revoked or expired" in keys_found(tolva)[1]
