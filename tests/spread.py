"""How the tests are spread over several processes: file by file, so that what the tests of a file share is made once.

Tests that start many processes themselves would disturb each other if many ran at once, and those in a browser share
it: each group of them runs one after another. They begin before all others, since they take longest, as does a file
whose tests are few and long.
"""

from collections import Counter

import pytest
from xdist.scheduler import LoadScopeScheduling

GROUPS = (
    "tests/browser/",
    "tests/chaos/test_ledger",
    "tests/chaos/test_kill",
    "tests/chaos/",
    "tests/api/test_fuzz",
)
"""What the names of a group begin with; the first that fits counts. In the order in which the groups begin."""


class ByFile(LoadScopeScheduling):
    """One process gets all the tests of a file, or of one of GROUPS."""

    def _split_scope(self, nodeid: str) -> str:
        return together_with(nodeid)


def together_with(nodeid: str) -> str:
    """The group or the file of a test.

    >>> together_with("tests/chaos/test_ledger_brokers.py::test_x[a]"), together_with("tests/jobs/test_x.py::test_x")
    ('tests/chaos/test_ledger', 'tests/jobs/test_x.py')
    """
    return next(filter(nodeid.startswith, GROUPS), nodeid.partition("::")[0])


def longest_first(items: list[pytest.Item]) -> None:
    """GROUPS, then files by their number of tests: a long one that begins last would leave the others with nothing."""
    sizes = Counter(together_with(item.nodeid) for item in items)

    def turn(item: pytest.Item) -> tuple[int, int, str]:
        own = together_with(item.nodeid)
        return (GROUPS.index(own) if own in GROUPS else len(GROUPS), -sizes[own], own)

    items.sort(key=turn)
