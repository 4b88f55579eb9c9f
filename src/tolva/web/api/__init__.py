"""The uniform API below /api/v1, one file for each kind of thing."""
