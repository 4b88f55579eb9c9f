"""Where files, figures and, besides Tolva's own database, rows lie."""

from pathlib import Path

from tolva.connectors.blobs import Blobs
from tolva.connectors.destinations import Destinations
from tolva.settings import Settings


def blobs(settings: Settings) -> Blobs:
    """The store of files."""
    return Blobs(settings.data_dir / "files")


def destinations(settings: Settings) -> Destinations:
    """The other databases that rows may go to."""
    return Destinations(settings.destinations)


def metrics_folder(settings: Settings) -> Path:
    """Where the processes of this machine count."""
    return settings.data_dir / "metrics"
