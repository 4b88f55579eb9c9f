"""Engines are tried on the same workshop as the jobs that they ring for."""

from tests.jobs.conftest import admin, fresh, shop, site

__all__ = ["admin", "fresh", "shop", "site"]
