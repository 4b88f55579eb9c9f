"""compose.yaml: Compose itself accepts it, and it says what it is meant to."""

import shutil
import subprocess
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
PROFILES = {"COMPOSE_PROFILES": "worker,celery,dramatiq,aws"}
OURS = ("api", "worker", "celery", "dramatiq", "flower", "migrate")


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    """As it is written, with what is merged into each service."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """As Compose understands it, with all profiles, and settings that compose.yaml does not name."""
    more = {"CELERY_BROKER_URL": "amqp://rabbit", "TOLVA_UPLOAD_MAX_MB": "7", "TOLVA_PORT": "9"}
    done = configure(tmp_path_factory.mktemp("compose"), GIVEN | PROFILES | more)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def configure(folder: Path, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Compose's own reading of it, with these variables in .env."""
    shutil.copy(ROOT / "compose.yaml", folder)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    return run(*compose(), "--project-directory", folder, "--file", folder / "compose.yaml", "config")


def example() -> dict[str, str]:
    """What compose.env.example sets."""
    lines = (ROOT / "compose.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line[:1].isalpha())


def test_it_is_a_compose_file_by_the_published_schema(stack: dict[str, Any]) -> None:
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
    assert [error.message for error in Draft7Validator(yaml.safe_load(schema)).iter_errors(stack)] == []


def test_compose_accepts_it_and_says_where_the_servers_are(read: dict[str, Any]) -> None:
    for name in OURS:
        environment = read["services"][name]["environment"]
        assert (environment["PGPASSWORD"], environment["REDIS_PASSWORD"]) == ("one", "two"), name
        assert (environment["TOLVA_ENGINE"], environment["AWS_ENDPOINT_URL"]) == ("redis", "http://aws:5000"), name
        assert environment["TOLVA_PORT"] == "8000", name  # which is published, and probed


def test_any_setting_of_the_env_file_is_passed_on_to_what_is_ours_alone(read: dict[str, Any]) -> None:
    for name, service in read["services"].items():
        environment = service.get("environment", {})
        found = environment.get("CELERY_BROKER_URL"), environment.get("TOLVA_UPLOAD_MAX_MB")
        assert found == (("amqp://rabbit", "7") if name in OURS else (None, None)), name


def test_the_login_of_flower_is_told_to_flower_alone(read: dict[str, Any]) -> None:
    told = {name: read["services"][name]["environment"]["FLOWER_BASIC_AUTH"] for name in OURS}
    assert told == dict.fromkeys(OURS, "") | {"flower": "me:three"}


def test_nothing_said_of_amazon_is_the_emulator_and_said_empty_it_is_amazon_itself(tmp_path: Path) -> None:
    done = configure(tmp_path, GIVEN | {"AWS_ENDPOINT_URL": "", "AWS_ACCESS_KEY_ID": ""})
    environment = yaml.safe_load(done.stdout)["services"]["api"]["environment"]
    assert (environment["AWS_ENDPOINT_URL"], environment["AWS_ACCESS_KEY_ID"]) == ("", "")


@pytest.mark.parametrize(
    ("profiles", "workers"),
    [
        (example()["COMPOSE_PROFILES"], {"worker", "celery", "flower"}),
        ("celery", {"celery", "flower"}),
        ("dramatiq", {"dramatiq"}),
    ],
)
def test_only_the_workers_of_the_profiles_run(stack: dict[str, Any], profiles: str, workers: set[str]) -> None:
    """Tolva's own would end again and again where Celery or Dramatiq has all queues."""
    chosen = {*profiles.split(",")}
    runs = {name for name, each in stack["services"].items() if chosen.intersection(each.get("profiles", chosen))}
    assert runs == {"postgres", "redis", "migrate", "api"} | workers


@pytest.mark.parametrize("missing", ["POSTGRES_PASSWORD", "REDIS_PASSWORD"])
def test_without_a_password_nothing_starts_and_the_example_is_named(tmp_path: Path, missing: str) -> None:
    done = configure(tmp_path, {name: value for name, value in GIVEN.items() if name != missing})
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
    assert {name for name, value in example().items() if not value} == GIVEN.keys()
