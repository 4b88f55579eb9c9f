"""The API's description of itself, where FastAPI cannot know by itself: our problems, in place of its own errors."""

from typing import Any

from fastapi import FastAPI

from tolva.web.problems import Problem, problems

THEIRS = ("HTTPValidationError", "ValidationError")
"""What FastAPI describes and we never send."""


def describe(api: FastAPI) -> None:
    """Make /openapi.json true."""
    make = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _mended(make())
        return api.openapi_schema

    api.openapi = openapi


def _mended(document: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for name in THEIRS:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = _with_ours(operation)
    return document


def _with_ours(operation: dict[str, Any]) -> dict[str, Any]:
    """FastAPI knows which calls it validates (422). Any body can be unreadable (400) or too large (413)."""
    responses: dict[str, Any] = operation["responses"]
    needed = [422] if "422" in responses else []
    needed += [400, 413] if "requestBody" in operation else []
    added = {str(status): described for status, described in problems(*needed).items()}
    return dict(sorted((responses | added).items()))
