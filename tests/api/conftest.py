from tests.service import lasting_service, service, settings

__all__ = ["lasting_service", "service", "settings"]
