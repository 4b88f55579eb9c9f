"""The systems under test, in the order of the rounds."""

from bench.jobs.celery_peer import CeleryPeer
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
    DramatiqPeer,
    TolvaPeer,
    RedisTolva,
    CeleryTolva,
    DramatiqTolva,
    SqsTolva,
)
