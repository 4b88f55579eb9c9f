"""A call refuses a parameter that it does not know, instead of doing something else than was meant."""

import json
import re
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.service import Service
from tests.web.test_access import bearer, calls, make_key
from tolva.web.access.caller import Role


def test_a_mistyped_filter_is_refused_and_the_one_that_was_meant_is_named(service: Service) -> None:
    answer = service.client.get("/api/v1/jobs?stat=failed")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:tolva:invalid-input")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith('There is no parameter "stat". Did you mean "state"? There are: state, ')
    assert service.client.get("/api/v1/jobs?state=failed&state=cancelled&limit=1").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/v1/nothing", 404, "There is no such address. /docs shows those that there are"),
        ("PUT", "/api/v1/jobs/cancel", 405, "This address takes no such method. It takes: GET, POST."),
        ("GET", "/api/v1/jobs?created_from=2026-01-31T08:00:00", 422, "query.created_from: Input should have timezone"),
        ("GET", "/api/v1/jobs/nothing", 422, "path.id: it is no id; one has 32 digits of 0 to 9 and a to f"),
    ],
)
def test_what_no_call_understands_is_told_in_words(
    service: Service, method: str, path: str, status: int, said: str
) -> None:
    answer = service.client.request(method, path)
    assert (answer.status_code, answer.json()["detail"][: len(said)]) == (status, said)


def test_every_call_refuses_what_it_does_not_know(service: Service) -> None:
    asked = 0
    for method, path in calls(service):
        if path.startswith("/api/"):
            filled = re.sub(r"{[^}]+}", str(uuid4()), path)
            answer = service.client.request(method, filled, params={"nonsense": ""}, json={})
            assert (answer.status_code, method, path) == (400, method, path)
            assert method == "HEAD" or '"nonsense"' in answer.json()["detail"], path
            asked += 1
    assert asked > 50


def test_every_call_is_described_with_that_refusal(service: Service) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    told = [each["responses"] for path in paths.values() for each in path.values() if each["tags"] != ["health"]]
    assert all("400" in responses for responses in told)


@pytest.mark.parametrize(("role", "status"), [(None, 401), (Role.VIEWER, 400), (Role.OPERATOR, 400), (Role.ADMIN, 400)])
def test_whoever_may_not_call_at_all_hears_that_first(service: Service, role: Role | None, status: int) -> None:
    keys = {each: make_key(service, each)[0] for each in Role}
    headers = bearer(keys[role]) if role else {}
    assert service.client.get("/api/v1/keys?nonsense=1", headers=headers).status_code == status


def test_a_websocket_refuses_too(service: Service) -> None:
    url = str(service.client.base_url).replace("http", "ws", 1).rstrip("/")
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{url}/api/v1/jobs/{uuid4()}/ws?afer=3")
    answer = refused.value.response
    assert answer.status_code == 400
    assert 'Did you mean "after"' in json.loads(answer.body or b"")["detail"]


def test_many_unknown_parameters_are_answered_with_the_first(service: Service) -> None:
    query = "&".join(f"{number:05}{'x' * 100}" for number in range(300))
    detail = service.client.get(f"/api/v1/me?{query}").json()["detail"]
    assert detail == f'There is no parameter "00000{"x" * 55}": this call takes none in its address.'


def test_pages_and_probes_do_not_mind_what_others_add_to_their_address(service: Service) -> None:
    for path in ("/jobs", "/health", "/ready", "/metrics"):
        assert service.client.get(path, params={"utm_source": "mail"}).status_code == 200
