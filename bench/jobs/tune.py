"""`python -m bench.jobs.tune`: try a system's candidate settings in turn, to give each peer its best."""

import argparse
from statistics import median

from bench.jobs import rate
from bench.jobs.peer import Peer
from bench.jobs.rate import Rate
from bench.jobs.roster import PEERS
from bench.jobs.visit import prepared


def main() -> None:
    """Run the candidates of the peer that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench.jobs.tune", description=__doc__)
    parser.add_argument("peer", choices=[peer.name for peer in PEERS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=10_000)
    wanted = parser.parse_args()
    tune(next(peer for peer in PEERS if peer.name == wanted.peer), wanted.rounds, wanted.jobs)


def tune(peer: type[Peer], rounds: int, jobs: int) -> None:
    """Measure every candidate in every round and print them, the best first.

    By its best round, not by the median: other processes only ever make a run slower, never faster.
    """
    rates: dict[object, list[Rate]] = {settings: [] for settings in peer.candidates}
    for _ in range(rounds):
        for settings, seen in rates.items():
            seen.append(_rate(peer(settings), jobs))
            print(f"  {seen[-1]} {settings}")
    print("best jobs/s (median), finished/s")
    for settings, seen in sorted(rates.items(), key=lambda item: -max(_started(item[1]))):
        started, finished = _started(seen), [one.finished_per_second for one in seen]
        print(f"{max(started):8.0f} ({median(started):.0f}) {max(finished):8.0f}  {settings}")


def _started(seen: list[Rate]) -> list[float]:
    return [one.jobs_per_second for one in seen]


def _rate(peer: Peer, jobs: int) -> Rate:
    with prepared(peer) as directory:
        return rate.measure(peer, directory, jobs)


if __name__ == "__main__":
    main()
