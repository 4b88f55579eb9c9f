"""Outside systems, their errors translated here."""
