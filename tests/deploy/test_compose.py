"""compose.yaml: Compose itself accepts it, and it says what it is meant to."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from tests.deploy.tools import ROOT, compose, run
from tolva.cli import cli

GIVEN = {"POSTGRES_PASSWORD": "one", "REDIS_PASSWORD": "two", "FLOWER_BASIC_AUTH": "me:three"}
PROFILES = {"COMPOSE_PROFILES": "celery,dramatiq,aws"}


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    """As it is written, with what is merged into each service."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str | Path]:
    """Compose's own reading of it, whatever .env somebody has here."""
    nothing = tmp_path_factory.mktemp("compose") / "env"
    nothing.touch()
    return [*compose(), "--project-directory", ROOT, "--env-file", nothing, "config"]


@pytest.fixture(scope="module")
def read(config: Sequence[str | Path]) -> dict[str, Any]:
    """As Compose understands it, with all profiles."""
    done = run(*config, **GIVEN, **PROFILES)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def test_it_is_a_compose_file_by_the_published_schema(stack: dict[str, Any]) -> None:
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
    assert [error.message for error in Draft7Validator(yaml.safe_load(schema)).iter_errors(stack)] == []


def test_compose_accepts_it_and_passes_on_what_is_set(read: dict[str, Any]) -> None:
    for name in ("api", "worker", "celery", "dramatiq", "flower", "migrate"):
        environment = read["services"][name]["environment"]
        assert (environment["PGPASSWORD"], environment["REDIS_PASSWORD"]) == ("one", "two"), name
        assert (environment["TOLVA_ENGINE"], environment["AWS_ENDPOINT_URL"]) == ("redis", "http://aws:5000"), name
    assert read["services"]["flower"]["environment"]["FLOWER_BASIC_AUTH"] == "me:three"


@pytest.mark.parametrize("missing", ["POSTGRES_PASSWORD", "REDIS_PASSWORD"])
def test_without_a_password_nothing_starts_and_the_example_is_named(config: Sequence[str | Path], missing: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != missing}
    done = run(*config, **given)
    assert done.returncode != 0
    assert "compose.env.example" in done.stderr


def test_what_serves_waits_for_the_migrations_and_those_for_postgresql(stack: dict[str, Any]) -> None:
    services = stack["services"]
    for name in ("api", "worker", "celery", "dramatiq", "flower"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_each_service_has_a_health_check_or_says_that_it_has_none(stack: dict[str, Any]) -> None:
    for name, service in stack["services"].items():
        assert service["healthcheck"].keys() & {"test", "disable"}, name


def test_nothing_is_published_beyond_this_machine(stack: dict[str, Any]) -> None:
    published = [port for service in stack["services"].values() for port in service.get("ports", ())]
    assert published and all(port.startswith("127.0.0.1:") for port in published)


def test_every_command_of_ours_is_one_that_there_is(stack: dict[str, Any]) -> None:
    ours = [each["command"] for each in stack["services"].values() if each.get("command", [""])[0] == "tolva"]
    assert len(ours) == 5
    for _, command, *options in ours:
        told = CliRunner().invoke(cli, [command, "--help"], env={"COLUMNS": "200"}).output
        assert all(option in told for option in options if option.startswith("--")), command


def test_the_example_sets_every_variable_that_has_no_default_and_no_secret() -> None:
    example = dict(
        line.split("=", 1) for line in (ROOT / "compose.env.example").read_text().splitlines() if line[:1].isalpha()
    )
    assert {name for name, value in example.items() if not value} == GIVEN.keys()
