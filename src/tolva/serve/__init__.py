"""Long-running processes: the API, a worker, and both under one roof."""
