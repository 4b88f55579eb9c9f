"""The dashboard's pages for files that come in."""
