"""The shell of API and dashboard."""
