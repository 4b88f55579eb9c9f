"""Stored files in a bucket of S3, or of whatever speaks like it."""
