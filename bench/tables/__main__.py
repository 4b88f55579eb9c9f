"""`python -m bench.tables`: measure on a PostgreSQL of its own (or BENCH_DSN) and write bench/tables.md."""

import argparse
import tempfile
from pathlib import Path

from bench.jobs import server
from bench.tables import sample


def main() -> None:
    """Write the files, load them by each system in turn, round after round."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=10_000, help="rows for those that go row by row")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of systems")
    given = parser.parse_args()
    with server.provided(), tempfile.TemporaryDirectory(prefix="tolva-bench-") as folder:
        from bench.tables import report, rounds  # they read the server's address when they are imported

        files = sample.write(Path(folder), given.rows, given.few)
        results = rounds.run(files, given.rounds, given.only)
        report.write(results, report.facts(), given.rows, given.few, given.rounds)


if __name__ == "__main__":
    main()
