"""`tolva doctor`: every setting and dependency looked at, and for each that fails what to do. Changes nothing."""

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tolva.cli.console import AsJson, DataDir, Exit, out, print_json, say
from tolva.cli.doctor import access, brokers, disk, elsewhere, machine, server, work
from tolva.cli.doctor.finding import Finding, Verdict, fault
from tolva.cli.doctor.patient import Check, Patient, examined
from tolva.errors import TolvaError

CHECKS = (
    Check("Python", machine.python),
    Check("settings", machine.settings),
    Check("data folder", disk.data_folder),
    Check("free space", disk.free_space),
    Check("stored files", disk.stored_files),
    Check("PostgreSQL's programs", server.programs),
    Check("PostgreSQL", server.answers),
    Check("migrations", server.migrations),
    Check("login and roles", server.login),
    Check("row-level security", server.row_security),
    Check("connections", server.connections),
    Check("clocks", server.clocks),
    Check("destinations", elsewhere.destinations),
    Check("port", machine.port),
    Check("keys", access.keys),
    Check("engines", brokers.routes),
    Check("brokers", brokers.answering),
    Check("workers", work.workers),
    Check("rings", brokers.heard),
    Check("queues", work.paused),
    Check("waiting jobs", work.backlog),
    Check("progress", brokers.silent),
    Check("schedules", work.schedules),
    Check("webhooks", work.webhooks),
    Check("dead letters", work.dead_letters),
)
"""What is looked at, in this order."""

MARKS = {
    Verdict.OK: "[green]ok[/]",
    Verdict.NOTE: "[yellow]note[/]",
    Verdict.FAULT: "[bold red]FAULT[/]",
    Verdict.SKIPPED: "[dim]–[/]",
}


def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check every setting and dependency, and say what to do about each that fails. Exit code 1 when one does."""
    with examined(data_dir) as patient:
        findings = [(check, _examined(check, patient)) for check in CHECKS]
    faults = sum(finding.verdict is Verdict.FAULT for _, finding in findings)
    if as_json:
        checks = [{"check": check.name, **vars(finding)} for check, finding in findings]
        print_json({"healthy": not faults, "checks": checks})
    else:
        _tell(findings)
        say(f"\n{_summary(findings)}")
    raise typer.Exit(Exit.FAILED if faults else Exit.DONE)


def _summary(findings: list[tuple[Check, Finding]]) -> str:
    faults = sum(finding.verdict is Verdict.FAULT for _, finding in findings)
    notes = sum(finding.verdict is Verdict.NOTE for _, finding in findings)
    if faults:
        return f"{faults} of {len(findings)} checks failed."
    return f"No faults; {notes} to note." if notes else "All is well."


def _examined(check: Check, patient: Patient) -> Finding:
    try:
        return check.examine(patient)
    except TolvaError as error:
        return fault(str(error), "Mend this first, then ask the doctor again.")
    except OSError as error:
        return fault(
            f"{error.filename} cannot be looked at: {error.strerror}.", "Ask the doctor as the folder's owner."
        )


def _tell(findings: list[tuple[Check, Finding]]) -> None:
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check, finding in findings:
        said = Text(finding.said)
        if finding.remedy:
            said.append(f"\n→ {finding.remedy}", style="bold")
        table.add_row(MARKS[finding.verdict], escape(check.name), said)
    out.print(table)
