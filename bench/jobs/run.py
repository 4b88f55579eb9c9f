"""One run: measure the systems and write bench/results.md."""

import argparse

from bench.jobs import report, rounds
from bench.jobs.roster import PEERS
from bench.jobs.visit import Plan

QUICK = Plan(jobs=2_000, latency_seconds=3, idle_seconds=3)


def main() -> None:
    """Run the rounds that the command line asks for."""
    wanted = _arguments()
    peers = tuple(peer for peer in PEERS if not wanted.only or peer.name in wanted.only)
    plan = QUICK if wanted.quick else Plan(jobs=wanted.jobs, history=wanted.history)
    series = rounds.run(peers, plan, 1 if wanted.quick else wanted.rounds, wanted.patience, print)
    report.write(series, plan, wanted.reference)
    print(f"written: {report.PAGE.name}")


def _arguments() -> argparse.Namespace:
    names = [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser(prog="python -m bench.jobs", description="Measure Tolva beside its peers.")
    parser.add_argument("--rounds", type=int, default=3, help="visits to each system (3)")
    parser.add_argument("--jobs", type=int, default=Plan.jobs, help="no-op jobs per visit (10000)")
    parser.add_argument("--history", type=int, default=0, help="finished jobs to measure once more over (0)")
    parser.add_argument("--patience", type=float, default=20, help="seconds to wait for a quiet machine (20)")
    parser.add_argument("--only", nargs="+", choices=names, help="these systems")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all works")
    parser.add_argument("--reference", choices=names, default=names[0], help="what the ratio compares to")
    return parser.parse_args()
