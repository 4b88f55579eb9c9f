"""`python -m bench.live`: one API process, a thousand streams over ten jobs that report; writes live.md."""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.jobs import machine, quiet
from bench.live.reporters import Reporters, reporters
from tolva import app
from tolva.settings import Settings, load_settings

PAGE = Path(__file__).parent.with_name("live.md")
STREAMS = 1000
JOBS = 10
PER_SECOND = 8.0
"""Events of each job."""
SECONDS = 30.0
PATIENCE = 60.0
"""Seconds that a quiet machine is waited for."""
URL = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Figures:
    """Delays and commits in milliseconds, in order; memory in bytes; `cpu` in cores."""

    commits: list[float]
    delays: list[float]
    idle: int
    full: int
    cpu: float


def main() -> None:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory(prefix="tolva-bench-") as folder:
        Path(folder).chmod(0o755)
        settings = load_settings(data_dir=Path(folder, "data"), log_level="WARNING")
        with app.server(settings) as server:
            app.bring_up_to_date(server)
            with api(settings) as (process, port), reporters(server.dsn, JOBS, PER_SECOND) as at_work:
                figures = measured(process, port, at_work)
    PAGE.write_text(page(figures))
    print(PAGE.read_text())


@contextlib.contextmanager
def api(settings: Settings) -> Iterator[tuple[psutil.Process, int]]:
    """One API process, and its port."""
    env = {**os.environ, "TOLVA_DATA_DIR": str(settings.data_dir), "LOG_LEVEL": settings.log_level}
    env.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "tolva", "api", "--port", "0"]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None, "it is a pipe"
            found = next(filter(None, map(URL.search, process.stderr)))
            yield psutil.Process(process.pid), int(found[1])
        finally:
            process.terminate()


def measured(process: psutil.Process, port: int, at_work: Reporters) -> Figures:
    with audience(port, 20, at_work) as first:  # what is loaded at the first use is not the cost of a stream
        first.communicate("stop\n")
    idle = process.memory_info().rss
    quiet.wait(PATIENCE)
    with audience(port, STREAMS, at_work) as listeners:
        before = process.cpu_times()
        began = time.monotonic()
        at_work.begin()
        time.sleep(SECONDS)
        at_work.end()
        after, took = process.cpu_times(), time.monotonic() - began
        time.sleep(1.0)  # until the last has arrived
        full = process.memory_info().rss
        answer, _ = listeners.communicate("stop\n")
    delays = sorted(delay * 1000 for delay in json.loads(answer))
    cpu = (after.user + after.system - before.user - before.system) / took
    commits = sorted(took * 1000 for took in at_work.commits)
    return Figures(commits, delays, idle, full, cpu)


@contextlib.contextmanager
def audience(port: int, streams: int, at_work: Reporters) -> Iterator[subprocess.Popen[str]]:
    """A process with so many open streams."""
    command = [sys.executable, "-m", "bench.live.audience", str(port), str(streams), *at_work.jobs]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None, "it is a pipe"
        assert process.stdout.readline() == "ready\n"
        yield process


def spread(ordered: list[float]) -> str:
    """Milliseconds."""
    places = [int(len(ordered) * share) for share in (0.5, 0.95, 0.99)]
    return ", ".join(f"{ordered[place]:.0f}" for place in [*places, -1]) + " ms"


def page(figures: Figures) -> str:
    """The results for people."""
    facts = {"date": datetime.now(UTC).date().isoformat()} | machine.facts()
    whole = len(figures.commits) * STREAMS // JOBS
    rows = [
        ("events reported", f"{len(figures.commits):,}"),
        ("arrivals, of as many", f"{len(figures.delays):,} of {whole:,}"),
        ("a report until it is committed: median, p95, p99, largest", spread(figures.commits)),
        ("delay: median, p95, p99, largest", spread(figures.delays)),
        ("memory of the API process without streams", f"{figures.idle / 1024**2:.1f} MiB"),
        ("memory of one stream", f"{(figures.full - figures.idle) / STREAMS / 1024:.1f} KiB"),
        ("processor time of the API process", f"{figures.cpu:.2f} cores"),
    ]
    return "\n".join(
        [
            "# Live streams",
            "",
            f"Written by `make bench`. One API process with {STREAMS:,} event streams over {JOBS} jobs, each of which"
            f" reports {PER_SECOND:.0f} times a second for {SECONDS:.0f} s. The delay of an event is from its time in"
            " the database (`at`) to its arrival at the client; clients, workers and PostgreSQL share the machine.",
            "",
            "| figure | |",
            "|---|--:|",
            *(f"| {name} | {value} |" for name, value in rows),
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "",
        ]
    )


if __name__ == "__main__":
    main()
