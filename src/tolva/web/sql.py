"""The named queries of this package."""

from tolva.db.queries import load_queries

SQL = load_queries(__package__ or "tolva.web")
