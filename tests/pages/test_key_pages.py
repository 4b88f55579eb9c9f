"""The pages of the keys and of the audit log."""

import re

from tests.api.moved import queued
from tests.pages.reader import get, noted, post
from tests.service import Service
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller, Role


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


def test_a_refused_key_leaves_the_form_as_it_was_filled_in(service: Service) -> None:
    answer = post(service, "/keys", name=" ", role="admin", days="7", token="t")
    assert answer.status_code == 400
    for kept in ('name="name" value=" "', 'value="admin" selected', 'value="7" selected'):
        assert kept in answer.text


def test_a_button_that_revokes_says_which_key(service: Service) -> None:
    answer = post(service, "/keys", name="the till", role="admin", days="", token="t")
    assert answer.status_code == 201
    assert 'Revoke<span class="hidden"> the till</span>' in answer.text


def test_a_note_of_many_jobs_tells_how_many_and_old_lines_lead_to_the_newest(service: Service) -> None:
    ids = queued(service, 3)
    with service.jobs.db.transaction("default") as conn:
        note(conn, Caller("default", Role.ADMIN, "operator"), "job.cancel", "many", jobs=ids)
    page = get(service, "/audit")
    assert "jobs: 3" in page and ids[0] not in page
    assert "Newest" not in page
    assert 'href="/audit?target=many">Newest' in get(
        service, f"/audit?target=many&before={'f' * 8}-{'-'.join(['ffff'] * 3)}-{'f' * 12}"
    )
