"""How the tests are spread over several processes: file by file, so that what the tests of a file share is made once.

Tests that start many processes themselves would disturb each other if many ran at once, and those in a browser share
it: each group of them runs one after another, and they begin before all others, since they take longest.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

GROUPS = (
    "tests/browser/",
    "tests/chaos/test_ledger",
    "tests/chaos/test_cancel",
    "tests/chaos/test_kill",
    "tests/chaos/",
)
"""What the names of a group begin with; the first that fits counts. In the order in which the groups begin."""


class ByFile(LoadScopeScheduling):
    """One process gets all the tests of a file, or of one of GROUPS."""

    def _split_scope(self, nodeid: str) -> str:
        return next(filter(nodeid.startswith, GROUPS), nodeid.partition("::")[0])


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests of GROUPS before all others."""
    items.sort(key=lambda item: next((n for n, each in enumerate(GROUPS) if item.nodeid.startswith(each)), len(GROUPS)))
