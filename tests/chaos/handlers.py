"""The jobs of the chaos tests. Importable, since worker processes make the catalogue anew.

Effects go into `ledger` in the transaction of the job, so each must be there exactly once whatever was killed.
"""

import ctypes
import os
import time
from typing import Any

from tolva.core.job import FINISHED, NewJob, Queue
from tolva.db.pool import Connection
from tolva.errors import Never, TryLater
from tolva.jobs.catalogue import Catalogue, Handler, make_catalogue
from tolva.jobs.context import Context

Result = dict[str, Any] | None

QUICK = Queue("quick", slots=4, soft_limit=60, hard_limit=120)
STEADY = Queue("steady", slots=4, soft_limit=60, hard_limit=120)
CLUTCH = Queue("clutch", slots=1, soft_limit=600, hard_limit=900)
STUBBORN = Queue("stubborn", slots=1, soft_limit=1, hard_limit=2)
CROWD = Queue("crowd", slots=10)
TICKS = Queue("ticks", slots=4)

NOTE = """
INSERT INTO public.ledger (job_id, step, attempt, pid, worker)
SELECT id, %(step)s, %(attempt)s, %(pid)s, worker_id FROM tolva.jobs WHERE id = %(job)s
"""


def catalogue() -> Catalogue:
    """All of them."""
    return make_catalogue(
        [
            Handler("short", QUICK, short),
            Handler("plain", QUICK, plain),
            Handler("stumble", QUICK, stumble),
            Handler("hopeless", QUICK, hopeless),
            Handler("never", QUICK, never),
            Handler("family", QUICK, family),
            Handler("long", STEADY, long),
            Handler("ponder", STEADY, ponder),
            Handler("docile", STEADY, docile),
            Handler("clutch", CLUTCH, clutch),
            Handler("stubborn", STUBBORN, stubborn),
            Handler("gripping", STUBBORN, clutch),
            Handler("nap", CROWD, nap),
            Handler("tick", TICKS, short, on_schedule=True),
        ]
    )


def note(conn: Connection, ctx: Context, step: int = 0) -> None:
    """The effect of one step, with the attempt and the process that had it."""
    given = {"job": ctx.job_id, "step": step, "attempt": ctx._attempt.job.attempt, "pid": os.getpid()}
    conn.execute(NOTE, given)


def short(ctx: Context) -> Result:
    """Effect and completion in one transaction."""
    with ctx.transaction() as conn:
        note(conn, ctx)
        ctx.complete({"ok": True})
    return None


def plain(ctx: Context) -> Result:
    """The effect in a transaction, the completion after it."""
    if ctx.checkpoint is None:
        with ctx.transaction() as conn:
            note(conn, ctx)
            ctx.save({"done": True})
    return {"ok": True}


def long(ctx: Context) -> Result:
    """Many steps, each with effect, checkpoint and progress, resting inside and between the transactions."""
    done = ctx.checkpoint["done"] if ctx.checkpoint else 0
    for step in range(done, ctx.params["steps"]):
        with ctx.transaction() as conn:
            note(conn, ctx, step)
            ctx.save({"done": step + 1})
            ctx.progress(done=step + 1)
            time.sleep(ctx.params["rest"] / 2)
        time.sleep(ctx.params["rest"] / 2)
    return {"steps": ctx.params["steps"]}


def ponder(ctx: Context) -> Result:
    """Thinks for long before each of its two steps."""
    for step in range(ctx.checkpoint["done"] if ctx.checkpoint else 0, 2):
        time.sleep(ctx.params["seconds"])
        with ctx.transaction() as conn:
            note(conn, ctx, step)
            ctx.save({"done": step + 1})
    return None


def stumble(ctx: Context) -> Result:
    """Asks for another try so many times, then works."""
    falls = ctx.checkpoint["falls"] if ctx.checkpoint else 0
    if falls < ctx.params["falls"]:
        with ctx.transaction():
            ctx.save({"falls": falls + 1})
        raise TryLater("not yet")
    return short(ctx)


def hopeless(ctx: Context) -> Result:
    """Fails each try, and takes back its effect."""
    with ctx.transaction() as conn:
        note(conn, ctx)
        raise TryLater("not this time either")


def never(ctx: Context) -> Result:
    """Fails for good, and takes back its effect."""
    with ctx.transaction() as conn:
        note(conn, ctx)
        raise Never("nothing can mend this")


def family(ctx: Context) -> Result:
    """Has children, and grandchildren with `depth` above 1; has its effect when all of them have ended."""
    if ctx.checkpoint is None:
        with ctx.transaction():
            ctx.spawn(*_offspring(ctx.params["depth"]))
            ctx.save({"spawned": True})
    if any(child["state"] not in FINISHED for child in ctx.children()):
        ctx.wait_for_children()
    return short(ctx)


def _offspring(depth: int) -> list[NewJob]:
    if depth > 1:
        return [NewJob("family", {"depth": depth - 1}), NewJob("short")]
    return [NewJob("short"), NewJob("plain"), NewJob("long", {"steps": 3, "rest": 0.02})]


def clutch(ctx: Context) -> Result:
    """A C call that keeps the interpreter's lock: no other thread of the process moves."""
    ctypes.PyDLL(None).sleep(ctx.params["seconds"])
    return short(ctx)


def stubborn(ctx: Context) -> Result:
    """Never looks whether it should stop."""
    time.sleep(ctx.params["seconds"])
    return short(ctx)


def docile(ctx: Context) -> Result:
    """Works until it is stopped."""
    while True:
        ctx.check()
        time.sleep(0.02)


def nap(ctx: Context) -> Result:
    """Takes a slot for a while, and nothing else."""
    time.sleep(ctx.params["seconds"])
    return None
