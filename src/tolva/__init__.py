"""Tolva: durable data intake, from the file that arrives to the row in PostgreSQL."""

__version__ = "0.1.0"
