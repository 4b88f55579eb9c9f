from tests.intake.conftest import admin
from tests.service import lasting_service, service, settings

__all__ = ["admin", "lasting_service", "service", "settings"]
