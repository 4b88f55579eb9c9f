from tests.intake.conftest import admin
from tests.service import service, settings

__all__ = ["admin", "service", "settings"]
