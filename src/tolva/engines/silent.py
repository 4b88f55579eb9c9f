"""What an engine says to those who watch jobs when it is used by itself: nothing. See `routed` for one that does."""


class Silent:
    """Carries rings, and no news."""

    def announce(self) -> None:
        """Who watches finds out at the next look."""
