"""The API's description of itself, where FastAPI cannot know by itself: our problems, names for programs, roles."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tolva.web.access.asking import Needs
from tolva.web.access.caller import Role
from tolva.web.located import LOCATION
from tolva.web.problems import Problem, problems

THEIRS = ("HTTPValidationError", "ValidationError")
"""What FastAPI describes and we never send."""
TAGS = {
    "uploads": "Files that come in: loaded or rehearsed, what became of them, and the way back.",
    "jobs": "What was asked for and is worked on, of every kind; one by one, many at once, live.",
    "dead letters": "Jobs that failed for good: replayed, or dismissed.",
    "queues": "How the lines of jobs stand, and pausing them.",
    "workers": "The processes that work.",
    "schedules": "Jobs by the clock.",
    "schemas": "What files can be loaded for, and what is remembered of their columns.",
    "webhooks": "Who is told when a job ends.",
    "access": "Who calls, keys, and who did what.",
    "catalog": "Bulk upload of products, in the words of its contract.",
    "health": "For whoever watches the processes: needs no key.",
}
"""In the order of the documentation."""
DESCRIPTION = """Takes in spreadsheets and other files, loads them durably into tables, and lets all see how far it is.

Errors are problem documents (RFC 9457) whose `type` is stable. Lists come in pages: `next` of one leads to the other.
What makes something takes an `Idempotency-Key`: sent again, nothing is made twice.
"""


def operation_id(route: APIRoute) -> str:
    """The name of a call for generated clients: its thing and its verb. A contract's own path is told apart."""
    thing = str(route.tags[0]).replace(" ", "_") if route.tags else "page"
    own = "_direct" if route.path.startswith("/api/") and not route.path.startswith("/api/v1/") else ""
    return f"{thing}_{route.name}{own}"


ABOUT: dict[str, Any] = {
    "title": "Tolva",
    "summary": "Durable data intake.",
    "description": DESCRIPTION,
    "license_info": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    "servers": [{"url": "/", "description": "The server that this came from."}],
    "openapi_tags": [{"name": name, "description": meaning} for name, meaning in TAGS.items()],
    "generate_unique_id_function": operation_id,
}
"""What FastAPI is told of the whole."""


def describe(api: FastAPI) -> None:
    """Make /openapi.json true."""
    make = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _mended(make(), _roles(api.routes))
        return api.openapi_schema

    api.openapi = openapi


def _mended(document: dict[str, Any], roles: dict[str, str]) -> dict[str, Any]:
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for name in THEIRS:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    for schema in schemas.values():
        if "example" in schema:
            schema["example"] = _with_nulls(schema["example"], schema, schemas)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = _with_ours(operation)
            if role := roles.get(operation["operationId"]):
                told = operation.get("description", "")
                operation["description"] = f"{told}\n\nFor the roles: {role}.".strip()
    return document


def _with_nulls(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """An example as its model gave it: FastAPI leaves out of all that it describes what is null.

    >>> _with_nulls({"a": [{}]}, {"properties": {"a": {"items": {"$ref": "#/b"}}}}, {"b": {"required": ["c"]}})
    {'a': [{'c': None}]}
    """
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if isinstance(example, list):
        return [_with_nulls(each, schema.get("items", {}), schemas) for each in cast("list[Any]", example)]
    if not isinstance(example, dict):
        return example
    whole = dict.fromkeys(schema.get("required", ())) | cast("dict[str, Any]", example)
    return {
        name: _with_nulls(value, schema.get("properties", {}).get(name, {}), schemas) for name, value in whole.items()
    }


def _with_ours(operation: dict[str, Any]) -> dict[str, Any]:
    """FastAPI knows which calls it validates (422). Any body can be too large (413)."""
    responses: dict[str, Any] = operation["responses"]
    needed = [422] if "422" in responses else []
    needed += [413] if "requestBody" in operation else []
    added = {str(status): described for status, described in problems(*needed).items()}
    if begun := responses.get("202"):
        begun["headers"] = LOCATION
    return dict(sorted((responses | added).items()))


def _roles(routes: Sequence[BaseRoute]) -> dict[str, str]:
    """Who may call, as the call's dependency has it, by the name of the call."""
    asked = ((operation_id(route), each.call) for route in _flat(routes) for each in route.dependant.dependencies)
    return {name: _covering(call.role) for name, call in asked if isinstance(call, Needs)}


def _covering(needed: Role) -> str:
    """All roles that entitle to what needs one.

    >>> _covering(Role.OPERATOR)
    'operator, admin'
    """
    return ", ".join(role for role in Role if role.covers(needed))


def _flat(routes: Sequence[BaseRoute]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif router := getattr(route, "original_router", None):
            yield from _flat(router.routes)
