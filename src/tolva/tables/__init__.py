"""Intake of rows, by columns and sets: read → map → check → load. Knows no jobs and no web."""
