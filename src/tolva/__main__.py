"""`python -m tolva` is `tolva`."""

from tolva.cli import main

if __name__ == "__main__":
    main()
