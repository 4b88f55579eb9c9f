"""The units of systemd: it accepts them, and holds them in."""

import re
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT, program, run

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
INSTALLED = "/opt/tolva/.venv"
MOST_EXPOSED = 2.5
"""As `systemd-analyze security` counts, from 0 to 10."""


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """With the programs of this environment: systemd looks whether they are there."""
    folder = tmp_path_factory.mktemp("units")
    found = [folder / unit.name.replace("@", "@celery") for unit in UNITS]
    for unit, copy in zip(UNITS, found, strict=True):
        copy.write_text(unit.read_text().replace(INSTALLED, str(ROOT / ".venv")))
    return found


def test_systemd_finds_no_fault_with_them(units: list[Path]) -> None:
    done = run(program("systemd-analyze"), "verify", "--man=no", *units)
    told = [line for line in done.stderr.splitlines() if "tolva" in line]  # others of this machine are none of ours
    assert (done.returncode, told) == (0, [])


def test_they_are_held_in(units: list[Path]) -> None:
    for unit in units:
        done = run(program("systemd-analyze"), "security", "--offline=yes", "--no-pager", unit)
        found = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
        assert found and float(found[1]) <= MOST_EXPOSED, (unit.name, done.stdout + done.stderr)


def test_a_fault_would_be_found(units: list[Path], tmp_path: Path) -> None:
    wrong = tmp_path / "tolva-wrong.service"
    wrong.write_text(units[0].read_text().replace("ExecStart=", "ExecStart=/nowhere"))
    assert run(program("systemd-analyze"), "verify", "--man=no", wrong).returncode != 0


def test_all_give_their_jobs_time_to_end_and_none_runs_as_root() -> None:
    assert len(UNITS) == 5
    for unit in UNITS:
        lines = unit.read_text().splitlines()
        assert {"User=tolva", "KillMode=mixed", "TimeoutStopSec=30", "Restart=always"} <= set(lines), unit.name
