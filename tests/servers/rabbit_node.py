"""A RabbitMQ of a test's own, which may be killed and started again: it finds what it had written to its disk."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.jobs.workshop import until
from tests.ports import free_port
from tests.servers.rabbit import rabbit_answers

DEBIAN = "/usr/lib/rabbitmq/bin"
"""Where Debian's own program is; the one on the PATH is a wrapper for its service, and takes no folder of ours."""
START = 120.0
"""Seconds that it may take to begin on a busy machine."""
CONFIG = """
listeners.tcp.1 = 127.0.0.1:{port}
disk_free_limit.absolute = 1MB
"""


class RabbitNode:
    """It shares neither name, port, folder nor cookie with another, nor the daemon by which nodes find each other."""

    def __init__(self, server: str, folder: Path, name_port: int) -> None:
        self._server = server
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}"
        self._environment = _environment(folder, port, name_port)
        (folder / "rabbitmq.conf").write_text(CONFIG.format(port=port))
        (folder / "plugins").write_text("[].\n")
        (folder / "no-settings").touch()

    def start(self) -> None:
        """Raises AssertionError with its log when it ends by itself."""
        log = self._folder / "said"
        with log.open("ab") as said:
            process = subprocess.Popen(
                [self._server], env=self._environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        self._process = process
        until(lambda: process.poll() is not None or rabbit_answers(self.url), START)
        assert process.poll() is None, log.read_text()[-3000:]

    def stop(self) -> None:
        """Kill it: what it had not written is lost."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def _environment(folder: Path, port: int, name_port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(name_port),
        "RABBITMQ_NODENAME": f"tolva-test-{port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONF_ENV_FILE": str(folder / "no-settings"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        "RUNNING_UNDER_SYSTEMD": "1",  # else its script stays between us and the process
    }


@contextmanager
def rabbit_node() -> Iterator[RabbitNode]:
    """A node that holds nothing yet, for as long as the context is open. Skips the test where none is installed."""
    server = shutil.which("rabbitmq-server", path=f"{DEBIAN}:{os.environ['PATH']}")
    names = shutil.which("epmd")
    if server is None or names is None:
        pytest.skip("no RabbitMQ to kill and start: install rabbitmq-server, with Erlang's epmd")
    with TemporaryDirectory(prefix="tolva-rabbit-", ignore_cleanup_errors=True) as folder:
        name_port = free_port()
        daemon = subprocess.Popen([names, "-address", "127.0.0.1", "-port", str(name_port)])
        node = RabbitNode(server, Path(folder), name_port)
        try:
            node.start()
            yield node
        finally:
            node.stop()
            daemon.kill()
            daemon.wait()
