"""The page of the keys."""

import re

from tests.pages.reader import get, noted, post
from tests.service import Service


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
