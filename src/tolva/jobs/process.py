"""A worker process as its supervisor sees it from outside."""

import logging
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from tolva.jobs.child import run_child
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.spawned import spawn

log = logging.getLogger(__name__)

LONGEST_DYING = 1.0
"""Seconds for which the end of a killed process is waited for. The others need their heartbeat."""


@dataclass
class WorkerProcess:
    """A running process and the identity under which it claims."""

    worker_id: str
    process: SpawnProcess
    from_child: Connection
    is_noted: bool = False
    """Whether its process id is noted where everybody sees it."""
    frozen: bool = False
    frozen_at: float = 0.0

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid or 0

    @property
    def exit_reason(self) -> str | None:
        """How it ended, in words; None while it lives."""
        code = self.process.exitcode
        if code is None:
            return None
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    @property
    def retires(self) -> bool:
        """Whether it takes no more jobs."""
        return self.from_child.poll()

    @property
    def has_retired(self) -> bool:
        """Whether it ended in order, by itself."""
        return self.process.exitcode == 0

    def notice_freeze(self) -> None:
        """Learn whether somebody stopped it (SIGSTOP) or let it go on since the last look."""
        try:
            news = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WCONTINUED | os.WNOHANG)
        except ChildProcessError:
            return  # it has just ended
        if news is not None:
            self.frozen = news.si_code in (os.CLD_STOPPED, os.CLD_TRAPPED)
            self.frozen_at = time.monotonic()

    def kill(self) -> None:
        """End it by force."""
        self.process.kill()
        self.process.join(LONGEST_DYING)
        if self.process.exitcode is None:
            log.error(
                "worker process %s is stuck in the kernel: it ends when the disk or network there answers", self.pid
            )

    def forget(self) -> None:
        """Let go of what is kept of it here."""
        self.from_child.close()
        if self.process.exitcode is not None:
            self.process.close()

    @property
    def frozen_for(self) -> float:
        """Seconds since somebody stopped it; 0 while it runs."""
        return time.monotonic() - self.frozen_at if self.frozen else 0.0

    @property
    def memory_mb(self) -> int:
        """Resident memory; 0 where the system does not tell."""
        if sys.platform != "linux":
            return 0
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0  # it has just ended
        return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def start_process(plan: WorkerPlan, worker_id: str) -> WorkerProcess:
    """Start one."""
    from_child, to_supervisor = multiprocessing.Pipe(duplex=False)
    with to_supervisor:
        process = spawn(run_child, plan, worker_id, to_supervisor, name="tolva worker")
    return WorkerProcess(worker_id, process, from_child)
