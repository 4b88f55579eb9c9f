"""S3 and SQS as AWS answers them, over HTTP, by a process of its own: what it holds does not count as ours."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.jobs.workshop import until

URL = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
START = 60.0
"""Seconds that it may take to begin on a busy machine: it imports all of AWS."""


@dataclass(frozen=True)
class Aws:
    """Where it answers, and as whom. Whatever a test makes there gets a name of its own."""

    endpoint: str
    access_key: str = "test-key"
    secret_key: str = "test-secret"
    region: str = "us-east-1"

    @property
    def environment(self) -> dict[str, str]:
        """The same for a process, as variables."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
        }


@contextmanager
def aws(port: int = 0) -> Iterator[Aws]:
    """A server that holds nothing yet, for as long as the context is open. Port 0 is a free one."""
    with TemporaryDirectory(prefix="tolva-aws-") as folder, (Path(folder) / "log").open("wb") as log:
        said = Path(folder) / "log"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            found = until(lambda: URL.search(said.read_text()) or process.poll() is not None, START)
            assert found is not True, said.read_text()
            yield Aws(found[1])
        finally:
            process.kill()
            process.wait()
