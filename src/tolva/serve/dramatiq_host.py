"""What `tolva.engines.dramatiq` loads in each process that Dramatiq's command line starts."""

from tolva.serve.dramatiq_crew import DramatiqCrew, watch_over
from tolva.serve.hosted import host_of
from tolva.settings import load_settings

HOST = host_of(load_settings(), "dramatiq")


def companion() -> int:
    """Watch over the other processes; Dramatiq runs this in one of its own."""
    return watch_over(HOST)


DramatiqCrew(HOST, companion).join()
