"""What the libraries refuse is told in words that say what to do."""

import pytest

from tests.service import Service


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/v1/jobs/nada", 422, "path.id: this is no id; one looks like 0198c5a2-"),
        ("GET", "/api/v1/nowhere", 404, "There is no such address. /docs lists the calls of the API."),
        ("PUT", "/api/v1/jobs", 405, "This address does not take that method. It takes: GET"),
    ],
)
def test_a_misformed_call_is_told_what_to_do(service: Service, method: str, path: str, status: int, said: str) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(said), answer.json()
