"""The queries of resumable uploads."""

from tolva.db.queries import load_queries

SQL = load_queries("tolva.workloads.intake.resumable")
