"""The uniform API, for every kind of job."""
