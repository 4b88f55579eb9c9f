"""A request that is sent again does its work once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.jobs.workshop import together
from tolva.db.pool import Database
from tolva.errors import KeyReused
from tolva.web.access.caller import Caller, Role
from tolva.web.idempotency import IdempotentRequest, once
from tolva.web.upkeep import prune_requests

BY = Caller("a", Role.ADMIN, "somebody")


@pytest.fixture
def ask(db: Database) -> Callable[..., dict[str, Any]]:
    """Asks for a thing to be made; each that is made has a number of its own."""
    made: list[None] = []

    def make() -> dict[str, Any]:
        made.append(None)
        return {"number": len(made), "secret": f"s{len(made)}"}

    def call(key: str | None = "k", by: Caller = BY, do: Callable[[], Any] = make, **given: Any) -> dict[str, Any]:
        with db.transaction(by.tenant_id) as conn:
            return dict(once(conn, IdempotentRequest(by, key, "thing.make", given), do, secret=("secret",)))

    return call


def test_the_same_request_is_answered_as_the_first_time_but_for_secrets(ask: Callable[..., Any]) -> None:
    assert ask(name="x") == {"number": 1, "secret": "s1"}
    assert ask(name="x") == {"number": 1, "secret": None}


def test_without_a_key_or_with_another_one_it_is_done_again(ask: Callable[..., Any]) -> None:
    assert [ask(key)["number"] for key in (None, None, "k", "l")] == [1, 2, 3, 4]


def test_a_key_is_for_one_request(ask: Callable[..., Any]) -> None:
    ask(name="x")
    with pytest.raises(KeyReused):
        ask(name="y")


def test_keys_of_tenants_do_not_meet(ask: Callable[..., Any]) -> None:
    ask()
    assert ask(by=Caller("b", Role.ADMIN, "somebody"))["number"] == 2


def test_what_failed_leaves_the_key_free(ask: Callable[..., Any]) -> None:
    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        ask(do=fail)
    assert ask()["number"] == 1


def test_of_twins_one_does_the_work(ask: Callable[..., Any]) -> None:
    answers = together(*[ask] * 6)
    assert [answer["number"] for answer in answers] == [1] * 6
    assert sorted(answer["secret"] or "" for answer in answers) == ["", "", "", "", "", "s1"]


def test_a_key_is_free_again_after_a_day(ask: Callable[..., Any], db: Database) -> None:
    ask()
    with db.transaction("a") as conn:
        conn.execute("UPDATE tolva.idempotency SET made_at = made_at - interval '25 hours'")
    assert ask(name="y")["number"] == 2


def test_what_is_old_is_deleted_also_of_a_tenant_that_fell_silent(ask: Callable[..., Any], db: Database) -> None:
    ask("old")
    with db.transaction("a") as conn:
        conn.execute("UPDATE tolva.idempotency SET made_at = made_at - interval '25 hours'")
    ask("new")
    assert not prune_requests(db), "there is no more to do"
    with db.transaction("a") as conn:
        assert conn.execute("SELECT key FROM tolva.idempotency").fetchall() == [{"key": "new"}]


def test_secrets_are_not_kept(ask: Callable[..., Any], db: Database) -> None:
    ask()
    with db.transaction("a") as conn:
        row = conn.execute("SELECT answer FROM tolva.idempotency").fetchone()
    assert row and row["answer"] == {"number": 1, "secret": None}
