"""What `celery -A` finds in the chaos tests."""

from tests.chaos.hosted import host
from tolva.engines.celery import make_app
from tolva.serve.celery_crew import CeleryHost

HOST = host()
app = make_app(HOST.settings)
app.conf.imports = []
CeleryHost(app, HOST).join()
