"""The PostgreSQL of a run: the one of BENCH_DSN, or an embedded one that lives as long as the run."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tolva.db.embedded import use


@contextmanager
def provided() -> Iterator[None]:
    """BENCH_DSN names a server while the context is open; workers inherit it."""
    if os.environ.get("BENCH_DSN"):
        yield
        return
    folder = Path(tempfile.mkdtemp(prefix="tolva-bench-"))
    folder.chmod(0o711)  # PostgreSQL runs as somebody else when we are root
    try:
        with use(folder) as here:
            os.environ["BENCH_DSN"] = here.admin_dsn
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
