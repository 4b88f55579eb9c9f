"""The inbox: a job for each file that a bucket tells of."""

import logging

from tolva.core.job import NewJob
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.workloads.intake.s3_inbox.events import Created, created_in
from tolva.workloads.intake.s3_inbox.mail import Mail
from tolva.workloads.intake.s3_inbox.place import announced_at
from tolva.workloads.intake.s3_inbox.take_in import job_for

log = logging.getLogger(__name__)


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
            return created_in(body)
        except ValueError:
            log.warning("%s held something that no bucket sends; it is dropped: %.200r", self.name, body)
            return []

    def _job(self, file: Created) -> NewJob | None:
        announced = announced_at(file.key)
        if announced is None:
            log.info("s3://%s/%s is for no schema, and is left alone", file.bucket, file.key)
            return None
        return job_for(file, announced)
