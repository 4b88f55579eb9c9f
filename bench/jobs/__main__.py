"""`python -m bench.jobs`: measure the systems on a PostgreSQL of their own and write bench/results.md."""

from bench.jobs import server


def main() -> None:
    """Provide a server, then run."""
    with server.provided():
        from bench.jobs import run  # the peers read the server's address when they are imported

        run.main()


if __name__ == "__main__":
    main()
