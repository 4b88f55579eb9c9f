"""Pages that are written from the code say what the code says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.cli.conftest import Shell
from tolva import __version__
from tolva.cli.console import EXIT_CODES, Exit
from tolva.cli.variables import variables
from tolva.settings import load_settings

DOCS = Path(__file__).parents[2] / "docs"


def settings_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_settings", DOCS / "make_settings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_settings_page_is_of_these_settings():
    assert (DOCS / "settings.md").read_text("utf-8") == settings_maker().page(), "run `make schema`"


@pytest.mark.parametrize("name", ["DATABASE_URL", "DB_DSN", "TOLVA_DATABASE_URL"])
def test_every_name_on_the_page_sets_the_setting(monkeypatch: pytest.MonkeyPatch, name: str):
    for each in (each for variable in variables() for each in variable.names):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "postgresql://here")
    assert load_settings().database_url == "postgresql://here"


def test_help_and_readme_name_every_exit_code(homeless: Shell):
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    helped = " ".join(homeless.process("--help", COLUMNS="200").out.split())
    assert EXIT_CODES in helped
    for code in Exit:
        assert f" {code} " in EXIT_CODES
        assert f"| {code} |" in readme


def test_the_version_is_told(homeless: Shell):
    assert homeless("--version").out == f"tolva {__version__}\n"
