"""Many jobs at once from the lists: a preview first, then the deed, told on the list."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.api.moved import asking, claim, failed, queued, states
from tests.pages.reader import HTML, get, log_in, noted, post, went_to
from tests.service import Service
from tolva.web.access.caller import Role
from tolva.web.pages import chosen


def preview(service: Service, address: str, **fields: object) -> str:
    answer = post(service, address, **fields)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def hidden(page: str) -> dict[str, list[str]]:
    """The fields of the button that does it."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page):
        found.setdefault(name, []).append(value)
    return found


def test_the_selected_are_shown_first_and_then_cancelled_and_told(service: Service) -> None:
    over = failed(service)
    running = queued(service, label="running.csv")
    claim(service)
    waiting, other = queued(service, label="waiting.csv"), queued(service)
    back = "/jobs?kind=bulk_upload"
    page = preview(service, "/jobs/bulk", action="cancel", job=running + waiting + over, back=back)
    assert "Cancel 2 jobs?" in page and "You selected 3 jobs." in page and "1 is left out" in page
    assert "running.csv" in page and "waiting.csv" in page
    assert states(service, waiting) == ["queued"], "a preview does nothing"
    assert went_to(post(service, "/jobs/bulk", **hidden(page))) == back
    assert states(service, over + running + waiting + other) == ["failed", "running", "cancelled", "queued"]
    assert "2 jobs were cancelled, or told to stop." in get(service, back)
    assert "were cancelled" not in get(service, back), "it is told once"
    assert [action for action, _ in noted(service)] == ["jobs.cancel"]


def test_all_that_match_the_filter_are_meant_and_none_that_came_after_the_preview(service: Service) -> None:
    mine = queued(service, 7, label="marzo.csv")
    other = queued(service, label="abril.csv")
    page = preview(
        service, "/jobs/bulk", action="cancel", scope="matching", back="/jobs?search=marzo&before=" + mine[0]
    )
    assert "Cancel 7 jobs?" in page and "and 2 more" in page and "abril.csv" not in page
    later = queued(service, label="marzo.csv")
    went_to(post(service, "/jobs/bulk", **hidden(page)))
    assert states(service, mine + other + later) == ["cancelled"] * 7 + ["queued"] * 2


def test_the_last_hour_of_a_preview_is_counted_from_the_preview(service: Service) -> None:
    ids = failed(service)
    page = preview(service, "/jobs/bulk", action="retry", scope="matching", back="/jobs?ended=hour")
    assert "Try 1 job again?" in page
    two_hours_on = {"seen": [(datetime.now(UTC) + timedelta(hours=2)).isoformat()]}
    went_to(post(service, "/jobs/bulk", **hidden(page) | two_hours_on))
    assert states(service, ids) == ["failed"]
    went_to(post(service, "/jobs/bulk", **hidden(page)))
    assert states(service, ids) == ["queued"]


def test_a_preview_of_any_time_finds_nothing(service: Service) -> None:
    given = {"action": "retry", "scope": "matching", "back": "/jobs?ended=week", "seen": "0001-01-01T00:00:00Z"}
    assert "Nothing to try again" in preview(service, "/jobs/bulk", **given)


def test_a_number_is_no_time_of_a_page(service: Service) -> None:
    """It would be one of 2017, behind which there may be nothing."""
    form = {"action": "retry", "scope": "matching", "back": "/jobs", "seen": "1.5e9"}
    assert post(service, "/jobs/bulk", **form).status_code == 422
    assert service.client.get("/dead-letters?failed_before=1.5e9", headers=HTML).status_code == 422


def test_done_twice_it_is_done_once_and_said(service: Service) -> None:
    ids = failed(service, 2)
    page = preview(service, "/jobs/bulk", action="retry", job=ids, back="/jobs")
    assert "Try 2 jobs again?" in page
    went_to(post(service, "/jobs/bulk", **hidden(page)))
    went_to(post(service, "/jobs/bulk", **hidden(page)))
    assert "Nothing was left to do" in get(service, "/jobs")
    assert [action for action, _ in noted(service)] == ["jobs.replay"]


@pytest.mark.parametrize("means", [{"scope": "matching", "back": "/jobs?state=failed"}, {"back": "/jobs"}])
def test_what_waits_for_an_answer_is_not_tried_again_with_others(service: Service, means: dict[str, str]) -> None:
    broken, asked = failed(service, 2), asking(service, 2)
    given = means if "scope" in means else means | {"job": broken + asked}
    page = preview(service, "/jobs/bulk", action="retry", **given)
    assert "Try 2 jobs again?" in page
    assert "2 wait for an answer and are left out" in page
    assert "is left out: only what failed" not in page
    went_to(post(service, "/jobs/bulk", **hidden(page)))
    assert states(service, broken + asked) == ["queued"] * 2 + ["failed"] * 2


def test_where_all_wait_for_an_answer_there_is_nothing_to_try_again(service: Service) -> None:
    page = preview(service, "/jobs/bulk", action="retry", job=asking(service), back="/jobs")
    assert "Nothing to try again" in page and "1 waits for an answer" in page and 'name="confirm"' not in page


@pytest.mark.parametrize(
    ("given", "told"),
    [({}, "Nothing was selected"), ({"scope": "matching", "back": "/jobs?state=completed"}, "Nothing to cancel")],
)
def test_where_there_is_nothing_to_do_there_is_no_button(service: Service, given: dict[str, str], told: str) -> None:
    queued(service)
    page = preview(service, "/jobs/bulk", action="cancel", **given)
    assert told in page and "Cancel 0" not in page and 'name="confirm"' not in page and ">Back to the list</a>" in page


def test_dead_letters_are_replayed_by_selection_and_by_filter(service: Service) -> None:
    first, second, third = (failed(service, label=f"{name}.csv")[0] for name in ("uno", "dos", "tres"))
    page = preview(service, "/dead-letters/bulk", action="retry", scope="selected", job=[first], back="/dead-letters")
    assert "Try 1 job again?" in page
    assert went_to(post(service, "/dead-letters/bulk", **hidden(page))) == "/dead-letters"
    assert "1 job was queued again." in get(service, "/dead-letters")
    again = preview(
        service, "/dead-letters/bulk", action="retry", scope="selected", job=[first, second], back="/dead-letters"
    )
    assert "1 is left out: what was tried again or dismissed already" in again
    page = preview(service, "/dead-letters/bulk", action="retry", scope="matching", back="/dead-letters?search=tres")
    went_to(post(service, "/dead-letters/bulk", **hidden(page)))
    assert states(service, [first, second, third]) == ["queued", "failed", "queued"]


def test_dead_letters_are_dismissed_by_selection_and_by_filter_and_their_jobs_tell_it(service: Service) -> None:
    first, second, third = (failed(service, label=f"{name}.csv")[0] for name in ("uno", "dos", "tres"))
    page = preview(service, "/dead-letters/bulk", action="dismiss", job=[first], back="/dead-letters")
    assert "Dismiss 1 dead letter?" in page and "uno.csv" in page
    assert "uno.csv" in get(service, "/dead-letters"), "a preview does nothing"
    went_to(post(service, "/dead-letters/bulk", **hidden(page)))
    listed = get(service, "/dead-letters")
    assert "1 dead letter was dismissed." in listed and "uno.csv" not in listed
    page = preview(service, "/dead-letters/bulk", action="dismiss", scope="matching", back="/dead-letters?search=tres")
    went_to(post(service, "/dead-letters/bulk", **hidden(page)))
    assert "dos.csv" in (left := get(service, "/dead-letters")) and "tres.csv" not in left
    assert states(service, [first, second, third]) == ["failed"] * 3
    told = get(service, f"/jobs/{first}")
    assert "nobody need look at it any more" in told and "by this machine" in told
    assert "uno.csv" not in get(service, "/").split("<h2>Dead letters")[1]
    assert [action for action, _ in noted(service)] == ["letters.dismiss"] * 2


def test_the_page_of_a_job_dismisses_its_letter_while_that_is_open(service: Service) -> None:
    [job] = failed(service)
    form = f'action="/jobs/{job}/dismiss"'
    assert form in get(service, f"/jobs/{job}")
    assert went_to(post(service, f"/jobs/{job}/dismiss")) == f"/jobs/{job}"
    assert form not in get(service, f"/jobs/{job}")
    assert post(service, f"/jobs/{job}/dismiss").status_code == 409
    assert noted(service) == [("letter.dismiss", job)]


@pytest.mark.parametrize("address", ["/jobs/bulk", "/dead-letters/bulk"])
def test_a_viewer_has_no_buttons_and_is_refused(service: Service, address: str) -> None:
    ids = failed(service)
    log_in(service, Role.VIEWER)
    for page in (get(service, "/jobs"), get(service, "/dead-letters")):
        assert 'name="scope"' not in page and 'type="checkbox"' not in page
    assert post(service, address, action="retry", job=ids, confirm="1").status_code == 403
    assert states(service, ids) == ["failed"]


@pytest.mark.parametrize("scope", ["selected", "matching"])
def test_another_tenants_jobs_are_neither_shown_nor_done_to(service: Service, scope: str) -> None:
    theirs = queued(service, tenant="other", label="theirs.csv")
    given = {"action": "cancel", "job": theirs, "scope": scope, "back": "/jobs"}
    assert "theirs.csv" not in preview(service, "/jobs/bulk", **given)
    went_to(post(service, "/jobs/bulk", **given, confirm="1", seen=datetime.now(UTC).isoformat()))
    assert states(service, theirs, "other") == ["queued"]


@pytest.mark.parametrize("back", ["https://evil.example/jobs", "http://[", "/\t/evil.example/jobs"])
def test_the_way_back_stays_on_this_server(service: Service, back: str) -> None:
    given = {"action": "cancel", "job": queued(service), "back": back}
    assert "evil.example" not in preview(service, "/jobs/bulk", **given)
    assert went_to(post(service, "/jobs/bulk", **given, confirm="1")) == "/"


@pytest.mark.parametrize("address", ["/jobs/bulk", "/dead-letters/bulk"])
@pytest.mark.parametrize("back", [None, "", "/", "https://evil.example/jobs", "//jobs", "/keys", "/jobs/dead-letters"])
def test_without_the_list_that_has_the_filter_not_all_jobs_are_meant(
    lasting_service: Service, address: str, back: str | None
) -> None:
    ids = failed(lasting_service)
    given = {"action": "retry", "scope": "matching", "confirm": "1"} | ({} if back is None else {"back": back})
    assert post(lasting_service, address, **given).status_code == 422
    assert states(lasting_service, ids) == ["failed"]


def test_jobs_are_counted_for_the_preview_alone(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = queued(service, 2)
    page = preview(service, "/jobs/bulk", action="cancel", scope="matching", back="/jobs?kind=bulk_upload")
    assert "2 jobs match the filter" in page
    monkeypatch.setattr(chosen, "count_matching", None)
    went_to(post(service, "/jobs/bulk", **hidden(page)))
    assert states(service, mine) == ["cancelled"] * 2


@pytest.mark.parametrize("cookie", ["cancel", "cancel.1", "hello.1.1.", "cancel.1.x.", "cancel.1.<b>.", "cancel.1.1"])
def test_a_message_that_we_did_not_write_is_not_told(service: Service, cookie: str) -> None:
    assert 'role="status"' not in get(service, "/jobs", Cookie=f"tolva_told={cookie}")
