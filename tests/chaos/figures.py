"""Numbers for people: percentiles, and lines that are shown at the end of the run."""

import math
from collections.abc import Sequence

import pytest

PROPERTY = "figures"
"""Name of the property under which a test's report holds its lines: reports come out of other processes, too."""


class Figures:
    """What a run tells, passed or failed: at once for whoever follows, and again in the summary."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        """Tell one line."""
        print(line, flush=True)
        self.lines.append(line)


def show_figures(terminal: pytest.TerminalReporter) -> None:
    """All that the tests told, test by test."""
    ended = [report for outcome in ("passed", "failed") for report in terminal.getreports(outcome)]
    told = [line for report in ended for name, lines in report.user_properties if name == PROPERTY for line in lines]
    if told:
        terminal.section("chaos")
        for line in told:
            terminal.write_line(line)


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that `share` of all do not exceed; 0 for none.

    >>> percentile([3, 1, 2, 4], 0.5), percentile([3, 1, 2, 4], 0.99), percentile([], 0.5)
    (2, 4, 0.0)
    """
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
