"""Processes killed and frozen at random moments: what Tolva promises must come true all the same.

A package, so that worker processes can import `tests.chaos.handlers`. Every run prints its seed, and TOLVA_CHAOS_SEED
repeats it: the choices, not the moments, which are the machine's.
"""
