"""The jobs: who works, what waits, and what has failed."""

from tolva import app
from tolva.cli.doctor.finding import Finding, fault, note, ok
from tolva.cli.doctor.patient import Patient, with_tables
from tolva.jobs import letters
from tolva.jobs.failure import told_whole
from tolva.jobs.letters import LetterFilter
from tolva.jobs.schedule import why_stuck
from tolva.jobs.sql import SQL
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.webhooks.outbox import lines_aside

LONG = 300.0
"""Seconds that a ready job may wait."""
MOST_LETTERS = 1000
MOST_STUCK = MOST_ASIDE = 100


@with_tables
def workers(patient: Patient) -> Finding:
    """Whether anybody is there to run jobs."""
    with patient.asking() as conn:
        rows = conn.execute("SELECT host, lease_until > now() AS alive FROM tolva.workers").fetchall()
    alive, silent = [row for row in rows if row["alive"]], [row for row in rows if not row["alive"]]
    if alive:
        hosts = ", ".join(sorted({row["host"] for row in alive}))
        lost = f"; {len(silent)} fell silent, their jobs are being rescued" if silent else ""
        return ok(f"{len(alive)} processes alive on {hosts}{lost}")
    return note("None is running: jobs wait.", f"Start one: {patient.hints.command('up')} (or `tolva worker`).")


@with_tables
def paused(patient: Patient) -> Finding:
    """Whether somebody stopped a queue, and perhaps forgot it."""
    with patient.asking() as conn:
        rows = conn.execute("SELECT name FROM tolva.queues WHERE paused_at IS NOT NULL ORDER BY name").fetchall()
    if names := [row["name"] for row in rows]:
        return note(f"Paused: {', '.join(names)}", f"Go on: {patient.hints.command('queue', 'resume', names[0])}")
    return ok("all open")


@with_tables
def backlog(patient: Patient) -> Finding:
    """Whether ready jobs wait for too long, of whichever tenant."""
    with patient.asking() as conn:
        names = [row["name"] for row in conn.execute("SELECT name FROM tolva.queues").fetchall()]
        rows = conn.execute(SQL["waiting_queues"], {"queues": names}).fetchall()
    late = {row["queue"]: -row["seconds"] for row in rows if row["seconds"] < -LONG}
    if late:
        said = ", ".join(f"{queue} for {seconds / 60:,.0f} minutes" for queue, seconds in late.items())
        remedy = f"Start a worker, or more processes (TOLVA_PROCESSES): {patient.hints.command('worker')}"
        return fault(f"Ready jobs wait in {said}.", remedy)
    return ok("nothing waits for long")


@with_tables
def schedules(patient: Patient) -> Finding:
    """Whether some make no jobs though nobody paused them, of whichever tenant."""
    catalogue = app.catalogue(patient.tolva)
    with patient.asking() as conn:
        given = {"kinds": catalogue.on_schedule, "most": MOST_STUCK}
        stuck = conn.execute(SQL["stuck_schedules"], given).fetchall()
    if stuck:
        first, more = stuck[0], " or more" if len(stuck) == MOST_STUCK else ""
        named = f"'{first['name']}' of tenant '{first['tenant_id']}'"
        end = patient.hints.command("schedule", "rm", first["name"], "--tenant", first["tenant_id"])
        said = f"{len(stuck)}{more} make no jobs. {named} cannot run: {why_stuck(catalogue, first)}"
        return note(said, f"Mend that, or end it: {end}")
    return ok("each makes its jobs, or is paused")


@with_tables
def webhooks(patient: Patient) -> Finding:
    """Whether there are events, of whichever tenant, that no delivery could be made of."""
    with patient.asking() as conn:
        aside = lines_aside(conn, MOST_ASIDE)
    if aside:
        first, more = aside[0], " or more" if len(aside) == MOST_ASIDE else ""
        named = f"one of webhook {first['webhook_id']} of tenant '{first['tenant_id']}': {first['set_aside']}"
        remedy = "Mend the cause; switching the webhook off and on, or any change of it, lets it try again."
        return note(f"{len(aside)}{more} events were set aside, {named}", remedy)
    return ok("every event is handed over")


@with_tables
def dead_letters(patient: Patient) -> Finding:
    """Whether jobs failed for good and nobody looked."""
    with patient.asking() as conn:
        page = letters.dead_letters(conn, DEFAULT_TENANT, LetterFilter(), most=MOST_LETTERS)
    if found := page.letters:
        more = " or more" if page.following else ""
        look = patient.hints.command("dead", "ls")
        remedy = f"Look: {look}; mend the cause, then `tolva dead replay JOB`, or `tolva dead dismiss JOB`."
        return note(f"{len(found)}{more}, the last one: {told_whole(found[0]['error'])}", remedy)
    return ok("none")
