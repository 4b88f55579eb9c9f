"""The fuzz run of reader and mapper: `make fuzz`, for as many minutes as it is told."""
