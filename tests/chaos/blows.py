"""What can befall a running `tolva up`: one function each. BLOWS is the deck that is shuffled and dealt."""

import signal
import time
from collections.abc import Callable

from tests.chaos import census
from tests.chaos.hand import Hand
from tests.chaos.up import Up


def kill_worker(hand: Hand, up: Up) -> None:
    hand.kill("worker process", lambda: up.workers)


def kill_supervisor(hand: Hand, up: Up) -> None:
    hand.kill("supervisor", lambda: up.supervisors)


def kill_api(hand: Hand, up: Up) -> None:
    hand.kill("API", lambda: up.apis)


def kill_postmaster(hand: Hand, up: Up) -> None:
    hand.kill("postmaster", lambda: census.postmasters(up.place.data_dir))


def kill_keeper(hand: Hand, up: Up) -> None:
    hand.kill("keeper", lambda: census.keepers(up.place.data_dir))


def kill_up(hand: Hand, up: Up) -> None:
    hand.kill("tolva up", lambda: [up.process] if up.process else [])
    _start_again(hand, up)


def kill_everything(hand: Hand, up: Up) -> None:
    # Frozen first, so that none of them sees another die.
    doomed = up.place.processes()
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in doomed:
            census.send(process, number)
    _start_again(hand, up)


def freeze(hand: Hand, up: Up) -> None:
    if hand.rng.random() < 0.7:
        hand.freeze("worker process", lambda: up.workers)
    else:
        hand.freeze("supervisor", lambda: up.supervisors)


def _start_again(hand: Hand, up: Up) -> None:
    """As whoever finds it dead does, sooner or later."""
    up.bury()
    time.sleep(hand.rng.choice([0.0, 0.3, 1.5]))
    up.start()


BLOWS: tuple[Callable[[Hand, Up], None], ...] = (
    kill_worker,
    kill_supervisor,
    kill_api,
    kill_postmaster,
    kill_keeper,
    kill_up,
    kill_everything,
    freeze,
)
