"""Processes of ours that are started anew. How they end is up to whoever started them, not to a terminal's Ctrl-C."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import SpawnProcess

from tolva.jobs.lifeline import die_with_parent


def spawn(run: Callable[..., None], *args: object, name: str | None = None) -> SpawnProcess:
    """Call this in a fresh interpreter, which ends with its parent; forking would copy connections and threads."""
    process = multiprocessing.get_context("spawn").Process(target=_begin, args=(run, *args), name=name)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # also in the other one, until it has begun
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return process


def _begin(run: Callable[..., None], *args: object) -> None:
    """In a group of its own: what a terminal sends goes to its parent alone, who asks it to end, and does so once."""
    die_with_parent()
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # forgets one that came while this started
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    run(*args)
