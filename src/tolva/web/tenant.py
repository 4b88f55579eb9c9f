"""Whose requests these are."""

DEFAULT_TENANT = "default"
"""The tenant of an installation that has no keys yet."""
