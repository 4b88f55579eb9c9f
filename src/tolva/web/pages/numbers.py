"""The numbers of a job's progress, which is whatever its handler reported."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow

from tolva.jobs.reported import MOST


def with_numbers(job: DictRow) -> DictRow:
    """The job, its progress without what is no number: what the templates count on."""
    return job | {"progress": numbers(job["progress"])}


def numbers(progress: Mapping[str, Any]) -> dict[str, int | float]:
    """Those that can be counted with.

    >>> numbers({"processed": 5, "total": "ten", "failed": None, "step": "load", "late": True, "size": 1e400})
    {'processed': 5}
    """
    return {name: value for name, value in progress.items() if _counts(value)}


def _counts(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST
