"""How long a message may take where Celery or Dramatiq counts the time as well."""

STINT = 5.0
"""Seconds beyond the limits of its queue, since it may run a few short jobs before a long one."""
