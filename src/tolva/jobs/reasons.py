"""Why an attempt was ended from outside, in the words of the job's history."""

TOLD_TO_END = "The worker was told to end before the job was done."
ENDED = "The worker process ended while it ran this job."
OVERDUE = "The job ran into the hard time limit of its queue."
FROZEN = "The worker process was frozen."
LEASE_LOST = "The worker lost its lease."


def outgrown(memory_mb: int) -> str:
    """The process used more than this.

    >>> outgrown(500)
    'The worker process grew over the 500 MB of TOLVA_PROCESS_MEMORY_MB while it ran this job.'
    """
    return f"The worker process grew over the {memory_mb} MB of TOLVA_PROCESS_MEMORY_MB while it ran this job."
