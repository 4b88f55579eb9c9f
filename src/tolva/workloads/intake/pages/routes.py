"""All pages of intake."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter

from tolva.connectors.blobs import Blobs
from tolva.jobs.work import Jobs
from tolva.web.pages.shell import Shell
from tolva.web.seats import Seats
from tolva.workloads.intake.pages.changes import changes_pages
from tolva.workloads.intake.pages.errors import errors_pages
from tolva.workloads.intake.pages.preview import StoredFiles, preview_pages
from tolva.workloads.intake.pages.repeats import repeats_pages
from tolva.workloads.intake.pages.undo import undo_pages
from tolva.workloads.intake.pages.upload import upload_pages


def intake_pages(
    jobs: Jobs, blobs: Blobs, most_bytes: int, seats: Seats, shell: Shell, defaults: Mapping[str, str]
) -> Sequence[APIRouter]:
    """Sending files, looking at them, and what became of their rows."""
    return [
        upload_pages(jobs, blobs, most_bytes, shell),
        preview_pages(jobs, shell, StoredFiles(jobs, blobs, seats, defaults)),
        errors_pages(jobs, shell),
        changes_pages(jobs, shell),
        repeats_pages(jobs, shell),
        undo_pages(jobs),
    ]
