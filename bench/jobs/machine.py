"""What the figures were measured on."""

import os
import platform
from pathlib import Path

import psutil


def facts() -> dict[str, str]:
    """CPU, cores, memory, kernel, operating system and Python."""
    return {
        "CPU": _after("/proc/cpuinfo", "model name", ":") or platform.processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "kernel": platform.release(),
        "OS": _after("/etc/os-release", "PRETTY_NAME", "=").strip('"') or platform.platform(),
        "Python": platform.python_version(),
    }


def _after(file: str, key: str, separator: str) -> str:
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(separator, 1)[1].strip() for line in lines if line.startswith(key)), "")
