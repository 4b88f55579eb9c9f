"""Where files lie: whether the data folder, and the bucket, can be used, and whether there is room."""

import os
import shutil
from pathlib import Path

from tolva import app
from tolva.cli.doctor.finding import Finding, fault, note, ok
from tolva.cli.doctor.patient import Patient, with_settings
from tolva.connectors.s3.trial import hindrances

MB = 1024**2
LEAST_FREE_MB = 1024
"""What PostgreSQL's journal alone may want on a busy day; with it goes room for one largest upload."""


@with_settings
def data_folder(patient: Patient) -> Finding:
    """Whether it is there, or can be made, and may be written."""
    folder = patient.tolva.data_dir
    place = _nearest(folder)
    if not place.is_dir():
        return fault(f"{place} is no folder.", "Remove it, or choose another with --data-dir or TOLVA_DATA_DIR.")
    if not os.access(place, os.W_OK | os.X_OK):
        owner = f"Give this user the right to write {place}"
        return fault(f"{folder} cannot be written.", f"{owner}, or choose another with --data-dir or TOLVA_DATA_DIR.")
    return ok(str(folder) if folder.exists() else f"{folder} is made at the first start")


@with_settings
def free_space(patient: Patient) -> Finding:
    """Whether the disk of the data folder has room for PostgreSQL's journal and a large upload."""
    disk = shutil.disk_usage(_nearest(patient.tolva.data_dir))
    free, least = disk.free // MB, LEAST_FREE_MB + patient.tolva.upload_max_mb
    said = f"{free / 1024:,.1f} of {disk.total / MB / 1024:,.1f} GB free"
    if free < least:
        return fault(
            f"{said}, fewer than {least / 1024:,.1f}.",
            "Free some space, keep uploads for fewer days (TOLVA_RETENTION_DAYS), or move the folder to a larger disk.",
        )
    if free < 3 * least:
        return note(said, "Room for a while; watch it.")
    return ok(said)


@with_settings
def stored_files(patient: Patient) -> Finding:
    """The uploads that are kept, in the bucket or in the folder."""
    return _bucket(patient) if patient.tolva.s3_bucket_name else _folder(patient)


def _bucket(patient: Patient) -> Finding:
    """Whether it can be used as Tolva does: a small file is written, read and deleted again."""
    bucket = app.bucket(patient.tolva)
    if not bucket.is_there():
        return ok(f"{bucket.where} is made at the first start")
    if found := hindrances(bucket):
        return fault("; ".join(found), "Mend the login's rights, or what is named; docs/operations.md lists them.")
    return ok(f"{bucket.where}, kept for {patient.tolva.retention_days:g} days")


def _folder(patient: Patient) -> Finding:
    folder = patient.tolva.data_dir / "files"
    if not folder.exists():
        return ok("none yet")
    if not os.access(folder, os.W_OK | os.X_OK):
        return fault(f"{folder} cannot be written.", "Start Tolva as its owner, or give this user the right.")
    try:
        sizes = [file.stat().st_size for file in folder.glob("*/*") if file.is_file()]
    except OSError as error:
        return fault(f"{folder} cannot be read: {error.strerror}.", "Start Tolva as the owner of the whole folder.")
    return ok(f"{len(sizes):,} of {sum(sizes) / MB:,.1f} MB, kept for {patient.tolva.retention_days:g} days")


def _nearest(folder: Path) -> Path:
    """The folder, or the closest one above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
