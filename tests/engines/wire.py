"""Names in the environment of a worker that calls back into the test."""

ADDRESS = "TOLVA_TEST_ADDRESS"
QUEUE = "TOLVA_TEST_QUEUE"
NEWS_PAUSE = "TOLVA_TEST_NEWS_PAUSE"
"""Seconds after which a worker of Celery tells of its tasks, where a test wants others than it has."""
