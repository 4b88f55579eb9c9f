"""Where the reader comes to after a detour: the preferences, or a login that ran out."""

import pytest

from tests.pages.reader import HTML, get, log_in, post
from tests.service import Service
from tolva.web.access.caller import Role


def test_preferences_lead_back_to_the_page_as_it_was_asked_for(service: Service) -> None:
    assert 'name="next" value="/jobs?state=failed"' in get(service, "/jobs?state=failed")


@pytest.mark.parametrize(("form", "page"), [("/jobs/bulk", "/jobs"), ("/keys", "/keys"), ("/login", "/")])
def test_preferences_lead_from_the_answer_to_a_form_to_a_page_that_can_be_read(
    service: Service, form: str, page: str
) -> None:
    answer = post(service, form, name="", key="none", action="cancel")
    assert f'name="next" value="{page}"' in answer.text


@pytest.mark.parametrize(
    ("seen", "back"),
    [
        ("http://localhost:8000/jobs?state=failed", "/jobs%3Fstate%3Dfailed"),
        ("https://localhost//evil.example", "/"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_a_login_that_runs_out_under_a_page_leads_back_to_the_page(service: Service, seen: str, back: str) -> None:
    log_in(service, Role.VIEWER)
    del service.client.headers["Authorization"]
    asked = HTML | {"HX-Request": "true", "HX-Current-URL": seen}
    answer = service.client.get("/jobs/00000000-0000-0000-0000-000000000000/below", headers=asked)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, f"/login?next={back}")


def test_whoever_was_logged_in_is_told_that_it_is_over(service: Service) -> None:
    log_in(service, Role.VIEWER)
    del service.client.headers["Authorization"]
    over = "Your login has ended"
    assert over not in service.client.get("/jobs", headers=HTML, follow_redirects=True).text
    service.client.cookies.set("tolva_session", "of a key that was revoked")
    assert over in service.client.get("/jobs", headers=HTML, follow_redirects=True).text
