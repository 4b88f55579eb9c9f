"""The page of the keys."""

import re

import pytest

from tests.pages.reader import get, log_in, noted, post, went_to
from tests.service import Service
from tolva.web.access.caller import Role
from tolva.web.pages import keys


def secrets_in(page: str) -> list[str]:
    return re.findall(r'<code class="secret">([^<]+)</code>', page)


def make(service: Service, **given: str) -> str:
    return post(service, "/keys", **{"name": "shop", "role": "admin", "days": "30", "token": "t"} | given).text


def test_a_form_that_comes_twice_makes_one_key_and_says_so(service: Service) -> None:
    assert 'name="token"' in get(service, "/keys")
    [secret] = secrets_in(make(service))
    service.client.headers["Authorization"] = f"Bearer {secret}"
    again = make(service)
    assert "This came twice" in again and not secrets_in(again)
    assert [action for action, _ in noted(service)] == ["key.create"]
    assert secrets_in(make(service, token="another page"))


def test_what_is_wrong_is_told_and_can_be_mended(service: Service) -> None:
    assert "A key needs a name" in make(service, name=" ")
    assert secrets_in(make(service))


def test_the_audit_log_has_a_key_by_the_name_that_lists_show(service: Service) -> None:
    [secret] = secrets_in(make(service, name=" shop "))
    service.client.headers["Authorization"] = f"Bearer {secret}"
    [key] = service.client.get("/api/v1/keys").json()["keys"]
    [line] = service.client.get("/api/v1/audit").json()["lines"]
    assert key["name"] == line["detail"]["name"] == "shop"


def test_a_refused_key_leaves_the_form_as_it_was_filled_in(service: Service) -> None:
    answer = post(service, "/keys", name=" ", role="admin", days="7", token="t")
    assert answer.status_code == 400
    for kept in ('name="name" value=" "', 'value="admin" selected', 'value="7" selected'):
        assert kept in answer.text


def test_the_first_key_is_an_administrators_without_end_unless_chosen_otherwise(service: Service) -> None:
    page = get(service, "/keys")
    assert 'value="admin" selected' in page and 'value="90" selected' not in page
    log_in(service, Role.ADMIN)
    page = get(service, "/keys")
    assert 'value="operator" selected' in page and 'value="90" selected' in page


def test_a_first_key_that_would_lock_everybody_out_is_warned_of(service: Service) -> None:
    shown = make(service, role="operator")
    assert secrets_in(shown) and "tolva key create --role admin" in shown


def test_a_first_key_of_an_administrator_is_made_without_a_warning(service: Service) -> None:
    assert "tolva key create" not in make(service)


def test_a_button_that_revokes_says_which_key(service: Service) -> None:
    log_in(service, Role.ADMIN)
    answer = post(service, "/keys", name="the till", role="admin", days="", token="t")
    assert answer.status_code == 201
    assert 'Revoke<span class="hidden"> the till</span>' in get(service, "/keys")


def test_no_button_takes_a_new_key_away_before_it_is_kept(service: Service) -> None:
    log_in(service, Role.ADMIN)
    shown = make(service)
    assert secrets_in(shown) and 'action="/keys' not in shown and 'href="/keys">I have kept it' in shown
    assert "/revoke" in get(service, "/keys") and 'action="/keys"' in get(service, "/keys")


def test_keys_are_listed_in_pages(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "PAGE", 2)
    for name in ("oldest", "middle", "newest"):
        log_in(service, Role.ADMIN)
        make(service, name=name, token=name)
    rows = [line["id"] for line in service.client.get("/api/v1/keys").json()["keys"]]
    first = get(service, "/keys")
    assert ">newest</td>" in first and ">middle</td>" not in first, "a key of the test comes in between"
    assert f'href="/keys?before={rows[1]}">Older' in first and "Newest</a>" not in first
    last = get(service, f"/keys?before={rows[3]}")
    assert ">oldest</td>" in last and 'href="/keys?">Newest' in last and "Older</a>" not in last
    assert f'name="back" value="/keys?before={rows[3]}"' in last, "the page on which one is revoked"
    assert "No such keys." in get(service, f"/keys?before={rows[-1]}")


def test_a_key_that_was_revoked_is_told_where_the_keyboard_goes_on(service: Service) -> None:
    log_in(service, Role.ADMIN)
    [key] = service.client.get("/api/v1/keys").json()["keys"]
    log_in(service, Role.ADMIN)
    answer = post(service, f"/keys/{key['id']}/revoke")
    assert went_to(answer) == "/keys"
    told = get(service, "/keys")
    assert 'role="status" tabindex="-1" autofocus>The key “admin” is revoked' in told
    assert "is revoked" not in get(service, "/keys")


def test_what_the_script_of_the_copy_button_says_is_in_the_readers_language(service: Service) -> None:
    answer = service.client.post(
        "/keys",
        data={"name": "x", "role": "admin", "token": "t"},
        headers={"Accept": "text/html", "Accept-Language": "es"},
    )
    assert 'data-copy="Copiar" data-copied="Se copió"' in answer.text
