"""CPU seconds of processes, to the nanosecond where the kernel keeps them."""

from contextlib import suppress
from pathlib import Path

import psutil


def seconds(pids: list[int]) -> float:
    """CPU time used so far by these processes and all their threads; one that has ended counts as 0."""
    return sum(_of(pid) for pid in pids)


def _of(pid: int) -> float:
    with suppress(OSError):
        # utime + stime come in ticks of 10 ms, too coarse for an idle database.
        tasks = Path(f"/proc/{pid}/task").iterdir()
        if nanoseconds := sum(int((task / "schedstat").read_text().split()[0]) for task in tasks):
            return nanoseconds / 1e9
    with suppress(psutil.NoSuchProcess):
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system
    return 0.0
