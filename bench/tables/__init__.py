"""Files into tables: Tolva beside the limit, and beside what others do."""
