"""The brokers that carry rings, and whether somebody hears them in each queue."""

from contextlib import closing

from tolva import app
from tolva.cli.doctor.finding import Finding, Verdict, fault, note, ok
from tolva.cli.doctor.patient import Patient, with_settings, with_tables
from tolva.core.ports import Engine
from tolva.engines import make_engine
from tolva.engines.lookout import brokers, depths
from tolva.engines.routes import routes_of
from tolva.errors import TolvaError
from tolva.jobs.attendance import Attendance, attendance
from tolva.jobs.sql import SQL
from tolva.web.probe import Probe

PATIENCE = 15.0
"""Seconds that a broker is waited for."""
SILENT = 600.0
"""Seconds without a report after which a running job is told."""
MOST_SILENT = 100


@with_settings
def routes(patient: Patient) -> Finding:
    """Which engine rings for which queue, and whether the settings mean queues that there are."""
    queues = sorted(app.catalogue(patient.tolva).queues)
    found = routes_of(patient.tolva)
    said = "; ".join(f"{engine}: {', '.join(served)}" for engine, served in found.by_engine(queues).items())
    if unused := app.unused_routes(patient.tolva):
        return note(f"{said}. {unused}", "Correct them, or remove them.")
    return ok(said)


@with_tables
def answering(patient: Patient) -> Finding:
    """Whether the broker of each engine in use answers, lets us in and has the queues, and how many rings lie there."""
    assert patient.db is not None
    used = brokers(routes_of(patient.tolva), sorted(app.catalogue(patient.tolva).queues))
    if not used:
        return ok("none is needed")
    with closing(make_engine(patient.tolva, patient.db)) as engine:
        found = [_asked(engine, name, queues) for name, queues in used.items()]
    said = "; ".join(each.said for each in found)
    if any(each.verdict is Verdict.FAULT for each in found):
        remedy = "Mend the server, or the setting that is named. Nothing is lost: jobs wait in PostgreSQL, and go on."
        return fault(said, remedy)
    return ok(said)


@with_tables
def heard(patient: Patient) -> Finding:
    """Whether each queue has workers, and all of them hear its rings."""
    with patient.asking() as conn:
        present = attendance(conn, sorted(app.catalogue(patient.tolva).queues))
    if deaf := [each for each in present if each.deaf]:
        said = "; ".join(f"{each.queue}: {each.deaf[0]}" for each in deaf)
        remedy = "They look at PostgreSQL all the same, if they can. Mend what is named; if that is well, restart them."
        return fault(f"Workers live, but hear no rings. {said}", remedy)
    empty = [each for each in present if not each.workers]
    if waiting := [each for each in empty if each.jobs]:
        said = ", ".join(f"{each.jobs:,} in {each.queue}" for each in waiting)
        return fault(f"Jobs wait, and no worker serves them: {said}.", _start(patient, waiting))
    if empty and len(empty) < len(present):
        return note(f"Nobody serves {', '.join(each.queue for each in empty)}.", _start(patient, empty))
    return ok(", ".join(f"{each.queue}: {len(each.workers)}" for each in present))


@with_tables
def silent(patient: Patient) -> Finding:
    """Whether running jobs, of whichever tenant, show progress."""
    with patient.asking() as conn:
        rows = conn.execute(SQL["silent_jobs"], {"silent": SILENT, "most": MOST_SILENT}).fetchall()
    if rows:
        first, more = rows[0], " or more" if len(rows) == MOST_SILENT else ""
        longest = f"one of {first['queue']} for {first['silent'] / 60:,.0f} minutes"
        said = f"{len(rows)}{more} running jobs report nothing; {longest}"
        look = patient.hints.command("jobs", "show", first["id"], "--tenant", first["tenant_id"])
        return note(
            f"{said}.", f"Look: {look}. The hard time limit of its queue ends it; `tolva jobs cancel` does now."
        )
    return ok("all running jobs report")


def _asked(engine: Engine, name: str, queues: list[str]) -> Finding:
    """One broker."""
    try:
        found = Probe(lambda: depths(engine, queues), patience=PATIENCE)()
    except TolvaError as error:
        return fault(f"{name}: {error}", "")
    return ok(f"{name} answers, rings unheard: {', '.join(f'{queue} {rings}' for queue, rings in found.items())}")


def _start(patient: Patient, empty: list[Attendance]) -> str:
    return f"Start one: {patient.hints.command('worker', *(each.queue for each in empty))}"
