"""Where files, figures and, besides Tolva's own database, rows lie."""

from pathlib import Path

from tolva.connectors.blobs import Blobs
from tolva.connectors.destinations import Destinations
from tolva.connectors.folder import FolderBlobs
from tolva.connectors.s3.blobs import BucketBlobs
from tolva.connectors.s3.bucket import Bucket
from tolva.connectors.s3.configured import configured_bucket
from tolva.settings import Settings


def blobs(settings: Settings) -> Blobs:
    """The store of files: a bucket where one is named, else a folder."""
    folder = settings.data_dir / "files"
    return BucketBlobs(bucket(settings), folder / "incoming") if settings.s3_bucket_name else FolderBlobs(folder)


def bucket(settings: Settings) -> Bucket:
    """The bucket of S3_BUCKET_NAME."""
    assert settings.s3_bucket_name
    return configured_bucket(settings, settings.s3_bucket_name)


def destinations(settings: Settings) -> Destinations:
    """The other databases that rows may go to."""
    return Destinations(settings.destinations)


def metrics_folder(settings: Settings) -> Path:
    """Where the processes of this machine count."""
    return settings.data_dir / "metrics"
