"""Live streams of a real API process."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import Fresh
from tests.jobs.workshop import Workshop, until
from tests.web.listening import ear
from tests.web.test_live import begun, path

URL = re.compile(r"http://\S+")


@contextmanager
def api(dsn: str, folder: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A `tolva api`, and its address."""
    env = {**os.environ, "DATABASE_URL": dsn, "TOLVA_DATA_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "tolva", "api", "--port", "0"]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            yield process, next(filter(None, map(URL.search, process.stderr)))[0]
        finally:
            process.kill()


def test_sigterm_ends_open_streams_and_the_process_at_once(fresh: Fresh, shop: Workshop, tmp_path: Path) -> None:
    job = begun(shop)
    with api(fresh.dsn, tmp_path) as (process, url), ear(url, path(job.id)) as listening:
        until(lambda: listening.heard)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert listening.ended.wait(5)
        ended = time.monotonic() - began
        process.wait(10)
    assert ended < 1.0
    assert time.monotonic() - began < 5.0  # of the ten seconds that other answers may take
    assert process.returncode == 0
    assert listening.kinds() == ["job"]


def test_the_api_says_what_a_stream_answers(service) -> None:
    call = service.client.get("/openapi.json").json()["paths"]["/api/v1/jobs/{id}/stream"]["get"]
    assert list(call["responses"]["200"]["content"]) == ["text/event-stream"]
    assert {"200", "204", "404", "422", "503"} <= set(call["responses"])
    assert {each["name"] for each in call["parameters"]} == {"id", "after", "Last-Event-ID"}
