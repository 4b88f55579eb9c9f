"""Who guesses keys costs the database next to nothing; who has one calls from the same address as ever."""

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.jobs.workshop import until
from tests.service import Service
from tests.web.test_access import ME, bearer, logged_in, make_key
from tolva.db.pool import Connection
from tolva.settings import Settings, load_settings
from tolva.web.access import pace, roll
from tolva.web.access.gate import COOKIE
from tolva.web.access.keys import revoke_key
from tolva.web.access.roll import Roll

Calls = Callable[[int], dict[str, str]]
GUESSES: dict[str, Calls] = {
    "keys": lambda n: bearer(f"tolva_{n}"),
    "the same key": lambda _: bearer("tolva_revoked"),
    "cookies": lambda n: {"Cookie": f"{COOKIE}={n}"},
    "nothing": lambda _: {},
}
MANY = 8


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One wrong call, and the next one after some minutes."""
    given = {"data_dir": settings.data_dir, "database_url": settings.database_url}
    return load_settings(**given, port=0, upload_max_mb=1, requests_per_second=0.003)


@contextmanager
def connections(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """When one was taken out of the pool, meanwhile."""
    taken: list[float] = []
    get = service.jobs.db._get

    def counted() -> Connection:
        taken.append(time.monotonic())
        return get()

    with monkeypatch.context() as patch:
        patch.setattr(service.jobs.db, "_get", counted)
        yield taken


def statuses(service: Service, guesses: Calls) -> list[int]:
    return [service.client.get(ME, headers=guesses(n)).status_code for n in range(MANY)]


@pytest.mark.parametrize("guesses", GUESSES.values(), ids=GUESSES)
def test_guesses_are_refused_from_memory(service: Service, monkeypatch: pytest.MonkeyPatch, guesses: Calls) -> None:
    make_key(service)
    assert service.client.get(ME, headers=guesses(-1)).status_code == 401
    began = time.monotonic()
    with connections(service, monkeypatch) as taken:
        assert statuses(service, guesses) == [429] * MANY
    assert len(taken) <= 2 + (time.monotonic() - began) / roll.APART, "all wait for the next reading of the roll"
    assert int(service.client.get(ME, headers=guesses(-1)).headers["retry-after"]) > 100


def test_good_keys_and_logins_of_an_address_that_guesses_work_though_nobody_has_used_them_yet(service: Service) -> None:
    keys = [make_key(service)[0] for _ in range(2)]
    login = logged_in(service, keys[0])
    assert 200 not in statuses(service, GUESSES["keys"])
    for good in (bearer(keys[1]), login):
        assert service.client.get(ME, headers=good).status_code == 200


def test_a_key_that_is_made_meanwhile_works_at_once_and_one_that_is_revoked_no_more(service: Service) -> None:
    make_key(service)
    statuses(service, GUESSES["keys"])
    (key, _), (other, id) = make_key(service), make_key(service)
    assert service.client.get(ME, headers=bearer(key)).status_code == 200
    with service.jobs.db.transaction("default") as conn:
        revoke_key(conn, id)
    until(lambda: service.client.get(ME, headers=bearer(other)).status_code == 429, 10)


def test_a_login_from_an_address_that_guesses_leads_to_its_first_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BURST", 1000.0)  # a key may call three times at once, and an address guess as often
    key, _ = make_key(service)
    statuses(service, GUESSES["cookies"])
    entered = service.client.post("/login", data={"key": key})
    assert entered.status_code == 303
    assert service.client.get("/", headers={"Accept": "text/html"}).status_code == 200


def test_guesses_that_come_together_share_a_reading_and_few_of_them_wait_for_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, now = Roll(service.jobs.db), time.monotonic()
    known.may_hold(b"")
    with connections(service, monkeypatch) as taken, ThreadPoolExecutor(3 * roll.MOST_WAITING) as guessers:
        found = list(guessers.map(known.may_hold, [secrets.token_bytes(32) for _ in range(10 * roll.MOST_WAITING)]))
    assert not any(found)
    assert len(taken) <= 2 + (time.monotonic() - now) / roll.APART


def test_where_there_are_more_keys_than_are_held_in_memory_good_ones_work_all_the_same(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "MOST", 1)
    keys = [make_key(service)[0] for _ in range(3)]
    assert 200 not in statuses(service, GUESSES["keys"])
    assert [service.client.get(ME, headers=bearer(key)).status_code for key in keys] == [200] * 3
