"""Logs of a process: one line each to standard error."""

import logging


def set_up_logs(level: str) -> None:
    """Log from `level` on, with time, process and source."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s", force=True)
