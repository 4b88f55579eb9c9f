"""Whatever variable a compose file, a unit, a blueprint or an example names, somebody reads."""

import re
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT
from tolva.cli.variables import variables

FOREIGN = {
    "AWS_ACCESS_KEY_ID",  # the client of Amazon
    "AWS_SECRET_ACCESS_KEY",
    "PGPASSWORD",  # libpq
    "PORT",  # Render
    "PATH",  # everybody
    "PYTHONUNBUFFERED",
    "POSTGRES_USER",  # the image of PostgreSQL
    "POSTGRES_PASSWORD",
    "REDISCLI_AUTH",  # redis-cli
    "COMPOSE_PROFILES",  # Compose
    "WORKER",  # tolva-worker@.service
}
FILES = [
    "compose.yaml",
    "compose.env.example",
    "Dockerfile",
    "deploy/render.yaml",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "deploy/systemd").iterdir()) if path.suffix != ".md"),
]


def named(path: Path) -> set[str]:
    """The variables in a file, also in its comments."""
    text = path.read_text()
    found = set(re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", text))
    found |= set(re.findall(r"^\W*(?:ENV |Environment=)?([A-Z][A-Z0-9_]+)=", text, re.M))
    if path.suffix == ".yaml":
        found |= set(re.findall(r"^ +([A-Z][A-Z0-9_]+):", text, re.M)) | set(re.findall(r"key: ([A-Z0-9_]+)", text))
    return found | set(re.findall(r"\b(?:TOLVA|FLOWER|CELERY|DRAMATIQ)_[A-Z0-9_]+", text))


@pytest.mark.parametrize("name", FILES)
def test_every_variable_of_a_file_is_a_setting_or_anothers(name: str) -> None:
    ours = {name for each in variables() for name in each.names}
    assert named(ROOT / name) <= ours | FOREIGN
