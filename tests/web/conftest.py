from tests.cli.conftest import tolva
from tests.service import service, settings

__all__ = ["service", "settings", "tolva"]
