"""What webhooks tell."""

from typing import Literal

KIND = "webhook"
"""The kind of job that is a delivery."""
TEST = "webhook.test"
"""The type of an event that was asked for, to try a webhook out."""
EventType = Literal["job.completed", "job.failed", "job.cancelled"]
EVERY: tuple[EventType, ...] = ("job.completed", "job.failed", "job.cancelled")
"""The types of the others."""
