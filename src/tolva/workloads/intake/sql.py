"""The named queries of this workload."""

from tolva.db.queries import load_queries

SQL = load_queries(__package__ or "tolva.workloads.intake")
