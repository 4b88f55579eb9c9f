"""How the tests are spread over several processes: file by file, so that what the tests of a file share is made once.

Tests that start many processes themselves would disturb each other, and those in a browser share it: they are one
after another, and begin at once, since together they take longest.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

ALONE = ("tests/chaos/", "tests/browser/")


class ByFile(LoadScopeScheduling):
    """One process gets all the tests of a file, or of a folder in ALONE."""

    def _split_scope(self, nodeid: str) -> str:
        return next(filter(nodeid.startswith, ALONE), nodeid.partition("::")[0])


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests in ALONE before all others."""
    items.sort(key=lambda item: not item.nodeid.startswith(ALONE))
