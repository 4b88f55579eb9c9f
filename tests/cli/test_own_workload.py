"""The recipe for a job of one's own, word for word in a copy of the package: its schedule runs."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import psycopg

import tolva as package
from tests.cli.conftest import Shell
from tests.conftest import Fresh

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text("utf-8")
TUPLE = "WORKLOADS: tuple[Workload, ...] = ("


def copy_with_the_recipe(folder: Path) -> None:
    """Steps 1 and 2: one file, and one line."""
    shutil.copytree(Path(package.__file__).parent, folder / "tolva", ignore=shutil.ignore_patterns("__pycache__"))
    workloads = folder / "tolva" / "workloads"
    [code] = re.findall(r"```python\n(\"\"\"Forgets.*?)```", PAGE, re.S)
    (workloads / "my_kind").mkdir()
    (workloads / "my_kind" / "__init__.py").write_text(code, "utf-8")
    listed = (workloads / "__init__.py").read_text("utf-8")
    assert TUPLE in listed
    brought = "from tolva.workloads.my_kind import MY_KIND\n" + TUPLE + "MY_KIND, "
    (workloads / "__init__.py").write_text(listed.replace(TUPLE, brought), "utf-8")


def words_of(beginning: str) -> list[str]:
    """A command of the recipe, without its comment."""
    [line] = re.findall(rf"^tolva ({beginning}.*)$", PAGE, re.M)
    return shlex.split(line, comments=True)


def grant_of_the_recipe() -> str:
    [grant] = re.findall(r"`(GRANT .* ON carts TO tolva_app)`", PAGE)
    return grant


def test_a_workload_made_by_the_recipe_runs_by_its_schedule(tolva: Shell, fresh: Fresh, tmp_path: Path) -> None:
    copy_with_the_recipe(tmp_path / "src")
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
        admin.execute("CREATE TABLE carts AS SELECT now() - interval '1 year' AS touched_at")
        admin.execute(grant_of_the_recipe())  # type: ignore
    there = {"PYTHONPATH": os.fspath(tmp_path / "src"), "TOLVA_PROCESSES": "1", "LOG_LEVEL": "ERROR"}
    added = tolva.process(*words_of("schedule add nightly"), **there)
    assert added.code == 0, added.err
    job = tolva.process(*words_of("schedule run nightly"), "--json", **there).json["id"]
    with subprocess.Popen(tolva.command("worker", "my_queue"), env=tolva.environment(**there)) as worker:
        try:
            assert tolva.process("jobs", "watch", job, **there).code == 0
        finally:
            worker.terminate()
    assert tolva.process("jobs", "show", job, "--json", **there).json["result"] == {"deleted": 1}
