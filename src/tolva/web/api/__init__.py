"""The calls of /api/v1 that belong to no workload."""
