"""What queues are called in SQS."""

import re
from dataclasses import dataclass

UPLOADS = "bulk_upload"
"""The queue that has a setting of its own for its name, since the systems around it know that."""
ASIDE = "-dead"
LONGEST = 80
"""Characters of a name, the most that SQS allows."""


@dataclass(frozen=True)
class SqsNames:
    """`prefix` stands before every name but that of the uploads' queue, which is `uploads`."""

    prefix: str
    uploads: str

    def of(self, queue: str) -> str:
        """The name of a queue's messages.

        >>> names = SqsNames("tolva-", "medisupply-bulk-upload-queue")
        >>> names.of("bulk_upload"), names.of("imports_ocr")
        ('medisupply-bulk-upload-queue', 'tolva-imports_ocr')
        """
        name = self.uploads if queue == UPLOADS else self.prefix + re.sub(r"[^A-Za-z0-9_-]", "-", queue)
        return name[: LONGEST - len(ASIDE)]

    def aside(self, name: str) -> str:
        """The name of the queue for what was received too often.

        >>> SqsNames("tolva-", "q").aside("tolva-sync")
        'tolva-sync-dead'
        """
        return name + ASIDE
