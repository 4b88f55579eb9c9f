"""The settings as environment variables: their names, what they are for, and what they are without one."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from tolva import settings
from tolva.settings import Settings

PREFIX = "TOLVA_"
DEFAULTS = {
    "data_dir": "the user's data folder; `/var/lib/tolva` for root",
    "api_processes": "as many as there are cores, at most 2",
    "processes": "as many as there are cores, at most 4",
}
"""What is worked out at the start, in words."""


@dataclass(frozen=True)
class Variable:
    """One setting. `names` are all the variables that set it, the first one first; `limits` are for people."""

    field: str
    names: tuple[str, ...]
    kind: str
    default: str
    limits: str
    meaning: str


def variables() -> list[Variable]:
    """Every setting, in the order of settings.py."""
    meanings = dict(_docstrings())
    return [_variable(name, field, meanings[name]) for name, field in Settings.model_fields.items()]


def _variable(name: str, field: FieldInfo, meaning: str) -> Variable:
    default = DEFAULTS.get(name) or _shown(field.default)
    return Variable(name, _names(name, field), _kind(field), default, _limits(field), meaning)


def _shown(default: object) -> str:
    if default is None:
        return "none"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _names(name: str, field: FieldInfo) -> tuple[str, ...]:
    alias: Any = field.validation_alias
    prefixed = f"{PREFIX}{name.upper()}"
    if alias is None:
        return (prefixed,)
    return (*(map(str, alias.choices) if isinstance(alias, AliasChoices) else (str(alias),)), prefixed)


def _kind(field: FieldInfo) -> str:
    known = {"int": "whole number", "float": "number", "Path": "folder"}
    return known.get(getattr(field.annotation, "__name__", ""), "text")


def _limits(field: FieldInfo) -> str:
    bounds: dict[str, Any] = {}
    for rule in field.metadata:
        for name in ("ge", "le", "pattern"):
            if getattr(rule, name, None) is not None:
                bounds[name] = getattr(rule, name)
    if "pattern" in bounds:
        return f"like {bounds['pattern']}"
    if "le" in bounds:
        return f"{bounds.get('ge', '')} to {bounds['le']}"
    return f"at least {bounds['ge']}" if "ge" in bounds else ""


def _docstrings() -> Iterator[tuple[str, str]]:
    """Each field of the class with the text that stands below it."""
    [tree] = [
        node
        for node in ast.parse(inspect.getsource(settings)).body
        if isinstance(node, ast.ClassDef) and node.name == Settings.__name__
    ]
    for node, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            assert isinstance(below, ast.Expr), f"{node.target.id} has no docstring"
            assert isinstance(below.value, ast.Constant), f"{node.target.id} has no docstring"
            yield node.target.id, inspect.cleandoc(str(below.value.value))
