"""The API's description of itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service import Service


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    return service.client.get("/openapi.json").json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All but the probes, which ask nobody who calls."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["tags"] != ["health"]:
                yield f"{method} {path}", operation


def test_errors_are_described_as_the_problems_that_they_are(document: dict[str, Any]) -> None:
    described = 0
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert list(answer["content"]) == ["application/problem+json"], (name, status)
                described += 1
    assert described > 50
    assert "ValidationError" not in json.dumps(document)
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail"]


def test_every_call_but_the_probes_says_that_it_asks_who_calls(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert {"401", "429", "503"} <= set(operation["responses"]), name
        assert {"HTTPBearer": []} in operation["security"], name


def test_what_changes_something_can_be_refused_for_ones_role(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if not name.startswith("get "):
            assert "403" in operation["responses"], name


def test_what_is_called_by_an_id_or_name_can_be_unknown(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if "{" in name and not name.startswith("put "):
            assert "404" in operation["responses"], name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in json.dumps(document).split('"$ref": "#/components/schemas/')[1:]:
        assert reference.split('"')[0] in document["components"]["schemas"]
