"""The inbox: a job for each file that a bucket tells of."""

import logging
from reprlib import Repr
from typing import Any

from tolva.connectors.sqs_mail import Mail
from tolva.core.job import NewJob
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.workloads.intake.s3_inbox.events import Created, created_by, records_in
from tolva.workloads.intake.s3_inbox.place import announced_at
from tolva.workloads.intake.s3_inbox.take_in import job_for

log = logging.getLogger(__name__)

SHOWN = Repr()
"""What the log shows of something odd, which may be as long and as deep as it likes."""
SHOWN.maxstring = 200


class S3Inbox:
    """Of the queue that S3_EVENTS_QUEUE_NAME names."""

    def __init__(self, settings: Settings) -> None:
        assert settings.s3_events_queue_name
        self._mail = Mail(settings, settings.s3_events_queue_name)
        self._tenant = settings.inbox_tenant
        self.name = f"the SQS queue {settings.s3_events_queue_name}"

    def take(self, jobs: Jobs) -> None:
        """Wait for messages and make jobs of them. One that comes again makes none."""
        messages = self._mail.receive()
        files = [file for message in messages for file in self._files_in(message.body)]
        if found := [job for file in files if (job := self._job(file))]:
            with jobs.work(self._tenant) as work:
                work.enqueue(*found)
        self._mail.delete(messages)

    def waiting(self) -> int:
        """Messages that nobody has received, as SQS counts them: about."""
        return self._mail.waiting()

    def _files_in(self, body: str) -> list[Created]:
        try:
            records = records_in(body)
        except ValueError as error:
            self._drop(body, error)
            return []
        return [file for record in records if (file := self._file_of(record))]

    def _file_of(self, record: Any) -> Created | None:
        """Each record by itself: an odd one is no reason to lose its neighbours."""
        try:
            return created_by(record)
        except ValueError as error:
            self._drop(record, error)
            return None

    def _drop(self, found: Any, error: ValueError) -> None:
        told = SHOWN.repr(found)
        log.warning("%s held something that no bucket sends (%s); it is dropped: %s", self.name, error, told)

    def _job(self, file: Created) -> NewJob | None:
        announced = announced_at(file.key)
        if announced is None:
            log.info("s3://%s/%s is for no schema, and is left alone", file.bucket, file.key)
            return None
        return job_for(file, announced)
