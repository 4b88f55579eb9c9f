"""The job that takes a file out of a bucket: the stored file, its upload and the job that loads it, or nothing."""

from collections.abc import Callable
from functools import partial

from tolva.connectors.blobs import Blobs
from tolva.connectors.received import too_large
from tolva.connectors.s3.bucket import PART, Bucket
from tolva.core.job import Json, NewJob
from tolva.errors import Conflict, InvalidInput
from tolva.jobs.context import Context
from tolva.tables.check import check_constants
from tolva.tables.reading.unpack import verify_stored
from tolva.web.access.caller import Caller, Role
from tolva.workloads.intake.accept import Arrival, add_upload, job_of, label_of
from tolva.workloads.intake.kept import kept
from tolva.workloads.intake.reception import Reception
from tolva.workloads.intake.s3_inbox.events import Created
from tolva.workloads.intake.s3_inbox.place import Announced, announced_at
from tolva.workloads.intake.schemas import accepting_schema

TAKE_IN = "s3_file"
"""The kind of job."""


def job_for(file: Created, announced: Announced) -> NewJob:
    """The job for a file, one for ever."""
    return NewJob(
        TAKE_IN,
        {"bucket": file.bucket, "key": file.key, "size": file.size, "etag": file.etag},
        unique_key=f"s3 {file.bucket}/{file.key} {file.mark}",
        unique_forever=True,
        label=label_of(announced.filename, announced.constants),
    )


def take_in(ctx: Context, blobs: Blobs, open_bucket: Callable[[str], Bucket], most: int) -> Json | None:
    """Take in the file of this job, which stays in its bucket; at most `most` bytes.

    Where another file has its name by now, that one was told of by itself. Raises InvalidInput, NotFound, Forbidden,
    Conflict, StorageUnavailable; then nothing was kept.
    """
    announced = announced_at(ctx.params["key"])
    assert announced, "others get no job"
    arrival = _arrival(ctx, announced)
    if ctx.params["size"] > most:
        raise too_large(most)
    with blobs.receive(most) as writer:
        sink = Reception(writer)
        sink.begin(announced.filename)
        try:
            _fetch(ctx, open_bucket(ctx.params["bucket"]), sink)
        except Conflict:
            return {"replaced": True}
        verify_stored(writer.path, sink.kind, announced.filename)
        apart = partial(ctx.session, "file")
        with kept(apart, ctx.tenant_id, writer) as keeping, ctx.transaction() as conn:
            [id] = ctx.spawn(job_of(arrival))
            add_upload(conn, _sender(ctx), id, arrival, sink.kind, keeping.blob)
            keeping.claim(conn)
            ctx.complete({"upload": id})
    return None


def _arrival(ctx: Context, announced: Announced) -> Arrival:
    with ctx.transaction() as conn:
        schema, version = accepting_schema(conn, announced.schema)
    try:
        constants = check_constants(announced.constants, schema)
    except InvalidInput as error:
        said = str(error).rstrip(".") + "."
        raise InvalidInput(
            f"{said} Put the file into a folder that says so: "
            f"incoming/{announced.schema}/FIELD=VALUE/{announced.filename}."
        ) from error
    return Arrival(announced.schema, announced.filename, constants, schema_version=version)


def _fetch(ctx: Context, bucket: Bucket, sink: Reception) -> None:
    key, size, etag = ctx.params["key"], ctx.params["size"], ctx.params["etag"]
    for start in range(0, size, PART):
        ctx.check()
        sink.write(bucket.read_unchanged(key, start, min(start + PART, size), etag))


def _sender(ctx: Context) -> Caller:
    """Who the audit log says has loaded it."""
    return Caller(ctx.tenant_id, Role.OPERATOR, f"s3://{ctx.params['bucket']}")
