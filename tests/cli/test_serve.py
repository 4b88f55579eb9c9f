"""The API as a process: how it ends."""

import subprocess
import sys

import pytest

from tests.cli.conftest import Shell

STOPPED_WHILE_IT_STARTS = """
import os, signal
from tolva import app
from tolva.serve.api import serve_api
from tolva.settings import load_settings
from tolva.web.server.listener import listen

make_api = app.make_api

def stopped_meanwhile(*given):
    os.kill(os.getpid(), signal.SIGTERM)
    return make_api(*given)

app.make_api = stopped_meanwhile
settings = load_settings()
serve_api(settings, listen(settings))
"""


@pytest.mark.parametrize("engine", ["postgres", "inline"])
def test_a_signal_that_comes_before_the_api_serves_ends_it_too(tolva: Shell, engine: str) -> None:
    environment = tolva.environment(TOLVA_PORT="0", TOLVA_ENGINE=engine)
    done = subprocess.run([sys.executable, "-c", STOPPED_WHILE_IT_STARTS], env=environment, timeout=30, check=False)
    assert done.returncode == 0
