"""What the command line of Dramatiq finds in the chaos tests."""

from tests.chaos.hosted import host
from tolva.serve.dramatiq_crew import DramatiqHost

HOST = host()


def companion() -> int:
    HOST.run_companion([queue.name for queue in HOST.queues])
    return 0


DramatiqHost(HOST, companion).join()
