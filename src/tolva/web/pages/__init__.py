"""The dashboard: pages that the server renders. JavaScript only makes them live."""
