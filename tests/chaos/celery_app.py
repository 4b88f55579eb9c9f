"""What `celery -A` finds in the chaos tests."""

from tests.chaos.hosted import host
from tolva.engines.celery import make_app
from tolva.serve.celery_crew import CeleryCrew

HOST = host()
app = make_app(HOST.settings)
app.conf.imports = []
CeleryCrew(app, HOST).join()
