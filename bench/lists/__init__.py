"""Lists of jobs, measured."""
