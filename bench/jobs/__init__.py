"""Tolva beside its peers: the same no-op job, the same measurements, one file per system."""
