"""What the command line of Dramatiq finds in the chaos tests."""

from tests.chaos.hosted import host
from tolva.serve.dramatiq_crew import DramatiqCrew, watch_over

HOST = host()


def companion() -> int:
    return watch_over(HOST)


DramatiqCrew(HOST, companion).join()
