"""The pages of the keys and of the audit log."""

from tests.api.moved import queued
from tests.pages.reader import get, post
from tests.service import Service
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller, Role


def test_a_refused_key_leaves_the_form_as_it_was_filled_in(service: Service) -> None:
    answer = post(service, "/keys", name=" ", role="admin", days="7")
    assert answer.status_code == 400
    for kept in ('name="name" value=" "', 'value="admin" selected', 'value="7" selected'):
        assert kept in answer.text


def test_a_button_that_revokes_says_which_key(service: Service) -> None:
    answer = post(service, "/keys", name="the till", role="admin", days="")
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
