"""What Celery imports by itself when a worker of `tolva.engines.celery:app` starts: its tasks, and its life."""

from tolva.engines import celery
from tolva.serve.celery_crew import CeleryCrew
from tolva.serve.hosted import host_of
from tolva.settings import load_settings

CeleryCrew(celery.app, host_of(load_settings(), "celery")).join()
