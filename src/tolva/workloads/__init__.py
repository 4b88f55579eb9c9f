"""Compositions of jobs and tables, each one folder."""
