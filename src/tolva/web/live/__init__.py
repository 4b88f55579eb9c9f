"""Jobs as they happen: one look for all that are watched, and a stream for whoever watches."""
