"""A process may have as many connections as it has streams."""

import subprocess
import sys

LOWERED = """
import resource
from tolva.web.server.descriptors import allow_descriptors

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
allow_descriptors()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 16_384))
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
allow_descriptors()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (200, 200))
"""


def test_the_limit_is_raised_to_what_is_wanted_or_allowed() -> None:
    done = subprocess.run([sys.executable, "-c", LOWERED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True"]
