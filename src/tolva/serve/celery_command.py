"""Commands of Celery, under the settings of ours: its worker, and Flower."""

import os
import sys
from collections.abc import Mapping, Sequence

from tolva.settings import Settings

APP = "tolva.engines.celery:app"


def become_celery_command(settings: Settings, words: Sequence[str], more: Mapping[str, str]) -> None:
    """Turn this process into a command of Celery, with `more` variables. Does not return."""
    environment = {
        **os.environ,
        "TOLVA_DATA_DIR": str(settings.data_dir),
        "TOLVA_ENGINE": settings.engine,
        "TOLVA_ENGINES": ",".join(f"{queue}={engine}" for queue, engine in settings.engines.items()),
        **more,
    }
    given = {name: value for name, value in environment.items() if value}  # as for us, an empty one is not set
    os.execve(sys.executable, [sys.executable, "-m", "celery", "-A", APP, *words], given)  # noqa: S606
