"""The systems under test, in the order of the rounds."""

from bench.jobs.celery_peer import CeleryPeer, PreforkCelery
from bench.jobs.dramatiq_peer import DramatiqPeer
from bench.jobs.engine_peers import CeleryTolva, DramatiqTolva, RedisTolva, SqsTolva
from bench.jobs.pgqueuer_peer import PgqueuerPeer
from bench.jobs.procrastinate_peer import ProcrastinatePeer
from bench.jobs.tolva_peer import TolvaPeer

# Adding a system is its import above and its line here.
PEERS = (
    PgqueuerPeer,
    ProcrastinatePeer,
    CeleryPeer,
    PreforkCelery,
    DramatiqPeer,
    TolvaPeer,
    RedisTolva,
    CeleryTolva,
    DramatiqTolva,
    SqsTolva,
)

DOORBELLS = (
    (CeleryTolva.name, PreforkCelery.name),
    (CeleryTolva.name, CeleryPeer.name),
    (DramatiqTolva.name, DramatiqPeer.name),
)
"""Tolva on a broker, and the broker without it. Tolva needs Celery's processes; Celery alone is best without them."""
