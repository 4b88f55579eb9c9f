"""Fuzzes reader and mapper: `python -m tests.fuzz --minutes 60`. Ends with 1 when a case crashed, hung or made it grow.

The cases run in a process of their own. Where one ends that process, or takes longer than its time, the number of the
case is told (`--only NUMBER` runs it again, in the open) and the run goes on with the next.
"""

import argparse
import faulthandler
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import psutil

from tests.fuzz.cases import case
from tests.fuzz.trial import attempt

LONGEST = 20.0
"""Seconds that one case may take; the largest file has some 100 kB."""
GROWTH_MB = 150.0
"""By how much the process may be larger at the end of its life than after its first cases."""
BATCH = 20_000
"""Cases of one process, so that growth has time to show."""
WARM = 1_000


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="tests.fuzz")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", type=int, help="run one case here")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only is not None:
        print(_run(given.only))
        return 0
    if given.child is not None:
        return _child(given.start, given.child)
    return _parent(given.start, time.monotonic() + given.minutes * 60)


def _run(number: int) -> str:
    with tempfile.TemporaryDirectory(prefix="tolva-fuzz-") as scratch:
        return attempt(case(number), Path(scratch))


def _child(first: int, count: int) -> int:
    """Prints a line per case: its number, outcome, milliseconds and the megabytes of this process."""
    here = psutil.Process()
    for number in range(first, first + count):
        print(number, end=" ", flush=True)
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        begun = time.monotonic()
        try:
            outcome = _run(number)
        except Exception:
            traceback.print_exc(limit=-4)
            outcome = "CRASHED"
        faulthandler.cancel_dump_traceback_later()
        print(outcome, round((time.monotonic() - begun) * 1000), here.memory_info().rss >> 20, flush=True)
    return 0


def _parent(number: int, end: float) -> int:
    outcomes, slowest, faults = Counter[str](), (0, 0), list[str]()
    while time.monotonic() < end:
        sizes = list[int]()
        command = [sys.executable, "-m", "tests.fuzz", "--start", str(number), "--child", str(BATCH)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if len(parts := line.split()) < 4:
                    break  # the child ended in the middle of a case
                number, outcome, size = int(parts[0]) + 1, parts[1], int(parts[3])
                outcomes[outcome] += 1
                sizes.append(size)
                slowest = max(slowest, (int(parts[2]), number - 1))
                if outcome == "CRASHED":
                    faults.append(f"case {number - 1} crashed")
                if time.monotonic() > end:
                    break
            over = time.monotonic() > end
            if over:
                child.terminate()
        if not over and child.returncode:
            faults.append(f"case {number} ended the process ({child.returncode})")
            outcomes["ENDED"] += 1
            number += 1
        if len(sizes) > 2 * WARM and (grown := max(sizes[-WARM:]) - max(sizes[:WARM])) > GROWTH_MB:
            faults.append(f"{grown} MB more after {len(sizes):,} cases, up to {number}")
        told = f"{sizes[0]} to {max(sizes)} MB, {sizes[-1]} at its end" if sizes else "no case ended"
        print(f"{number:,} cases: {dict(outcomes)}; this process: {told}", flush=True)
    print(f"slowest: {slowest[0]} ms, case {slowest[1]}")
    print(*(faults or ["no crash, no hang, no growth"]), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
