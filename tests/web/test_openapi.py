"""The API's description of itself."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.service import Service
from tests.web.test_access import calls


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


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(document)] == []
    assert document["info"]["license"]["identifier"] == "Apache-2.0"


def test_every_call_below_api_is_in_it(service: Service, document: dict[str, Any]) -> None:
    told = {tuple(name.split(" ", 1)) for name, _ in operations(document)}
    there = {
        (method.lower(), path.replace(":path}", "}")) for method, path in calls(service) if path.startswith("/api/")
    }
    assert len(there) > 50
    assert there - told == set()


def test_every_call_has_a_name_of_its_own_and_a_tag_that_is_explained(document: dict[str, Any]) -> None:
    names = Counter(each["operationId"] for methods in document["paths"].values() for each in methods.values())
    assert [name for name, number in names.items() if number > 1 or not name.isidentifier()] == []
    tags = {tag["name"] for tag in document["tags"]}
    assert {tag for _, operation in operations(document) for tag in operation["tags"]} <= tags


def test_every_call_says_what_it_does_and_who_may(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        said, _, roles = operation["description"].partition("For the roles: ")
        assert said.strip() and roles.endswith("admin."), name


def test_every_body_and_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    unlike = [
        f"{name}: {fault}"
        for name, operation in operations(document)
        for content in (operation.get("requestBody"), *answers(operation))
        for fault in faults(document, content or {})
    ]
    assert unlike == []


def answers(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [answer for status, answer in operation["responses"].items() if status.startswith("2")]


def faults(document: dict[str, Any], content: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the examples of a body; files need none, but forms do."""
    for media, described in content.get("content", {}).items():
        if media not in ("application/json", "multipart/form-data"):
            continue
        schema = described["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        whole = document["components"]["schemas"][name] if name else schema
        shown = [whole["example"]] if "example" in whole else whole.get("examples", [])
        yield from [] if shown else [f"{media} without an example"]
        check = Draft202012Validator(whole | {"components": document["components"]})
        yield from (error.message for example in shown for error in check.iter_errors(example))
