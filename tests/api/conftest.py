from tests.service import service, settings

__all__ = ["service", "settings"]
