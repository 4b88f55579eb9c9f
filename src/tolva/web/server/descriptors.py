"""How many connections this process may have open."""

import logging
import resource

log = logging.getLogger(__name__)

WANTED = 16_384
"""Open files and sockets; many systems begin with 1,024 or 256, though they allow far more to whoever asks."""


def allow_descriptors() -> None:
    """Raise the limit of this process to what is wanted, or to what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:  # some systems have a further limit that they do not tell
            log.warning("no more than %s connections: %s", soft, error)
