"""`tolva up`, `api`, `worker`, `flower` and `migrate`."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from tolva import app
from tolva.cli.console import AsJson, DataDir, err, out, print_json, say, settings_for
from tolva.cli.hints import Hints
from tolva.cli.listing import facts
from tolva.core.ports import QueueSlots
from tolva.db.pool import Database
from tolva.engines import ENGINES
from tolva.engines.routes import routes_of
from tolva.errors import InvalidInput
from tolva.logs import set_up_logs
from tolva.serve.api import serve_api
from tolva.serve.crews import serve_worker
from tolva.serve.flower import become_flower, flower_part, flower_url, require_flower
from tolva.serve.stop import stop_on_signals
from tolva.serve.together import serve_all
from tolva.settings import Settings
from tolva.web.server.listener import listen, url_of

log = logging.getLogger(__name__)

Port = Annotated[int | None, typer.Option("--port", help="Port of the API; 0 takes a free one. [TOLVA_PORT]")]
Host = Annotated[str | None, typer.Option("--host", help="Address that the API listens on. [TOLVA_HOST]")]

QUEUES_HELP = (
    "QUEUE or QUEUE=SLOTS …; all, when none is named. SLOTS is how many of its jobs run at once in each worker "
    "process; a queue of Celery gets a Celery worker of its own with so many processes, and those named without "
    "SLOTS share one with CELERY_WORKER_CONCURRENCY."
)


def up(
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    with_flower: Annotated[
        bool, typer.Option("--flower", help="Also Flower, for the queues of Celery. [FLOWER_PORT …]")
    ] = False,
) -> None:
    """Start everything: PostgreSQL, API and workers. Ctrl-C ends it; nothing is lost by a harder end."""
    settings = _served_settings(data_dir, host=host, port=port)
    if with_flower:
        require_flower(settings)
    set_up_logs(settings.log_level, settings.log_format)
    stop = stop_on_signals()
    listener = listen(settings)
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        hints = Hints(data_dir)
        _greet(settings, server, url_of(listener), hints, with_flower)
        with Database(server.dsn, name="tolva up", size=1) as db:
            _tell_if_closed(settings, hints, db)
        serve_all(settings, listener, stop, [flower_part(settings)] if with_flower else [])
    out.print("Tolva has ended. What was not done goes on when it is started again.")


def api(data_dir: DataDir = None, host: Host = None, port: Port = None) -> None:
    """Start the HTTP API alone."""
    settings = _served_settings(data_dir, host=host, port=port)
    listener = listen(settings)
    err.print(f"API on {url_of(listener)}", soft_wrap=True)
    serve_api(settings, listener, partial(_tell_if_closed, settings, Hints(data_dir)))


def worker(
    queues: Annotated[list[str] | None, typer.Argument(help=QUEUES_HELP)] = None,
    data_dir: DataDir = None,
    processes: Annotated[int | None, typer.Option(help="Worker processes. [TOLVA_PROCESSES]")] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(help="Serve only what TOLVA_ENGINE and TOLVA_ENGINES give to this engine. May be repeated."),
    ] = None,
) -> None:
    """Start a worker alone. `tolva-check` tells whether those of this machine are well, for probes."""
    settings = settings_for(data_dir, processes=processes)
    slots = _slots(settings, queues or ["all"])
    served = _of_engines(settings, engine, slots) if engine else slots
    _require_servable(settings, served)
    serve_worker(settings, served)


def flower(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option("--host", help="Address that Flower listens on. [TOLVA_HOST]")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port of Flower. [FLOWER_PORT]")] = None,
) -> None:
    """Start Flower alone: it shows Celery's workers and tasks."""
    settings = settings_for(data_dir, host=host, flower_port=port)
    require_flower(settings)
    err.print(f"Flower on {flower_url(settings)}", soft_wrap=True)
    become_flower(settings)


def migrate(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the database up to date. Safe to call again, and from several machines at once."""
    with app.server(settings_for(data_dir)) as server:
        applied = app.bring_up_to_date(server)
    if as_json:
        print_json({"applied": [{"module": each.module, "name": each.name} for each in applied]})
        return
    for migration in applied:
        say(f"applied {migration.module} {migration.name}")
    say("The database is up to date.")


def _served_settings(data_dir: Path | None, **more: Any) -> Settings:
    settings = settings_for(data_dir, **more)
    _require_servable(settings)
    return settings


def _require_servable(settings: Settings, served: Sequence[QueueSlots] = ()) -> None:
    app.require_servable(settings, [each.queue for each in served])
    if unused := app.unused_routes(settings):
        err.print(f"[bold yellow]Note:[/] {escape(unused)}", soft_wrap=True)


def _slots(settings: Settings, given: list[str]) -> list[QueueSlots]:
    known = app.catalogue(settings).queues
    if "all" in given:
        return [QueueSlots(queue.name, queue.slots) for queue in known.values()]
    return [_queue_slots(text, {name: queue.slots for name, queue in known.items()}) for text in given]


def _of_engines(settings: Settings, engines: list[str], slots: list[QueueSlots]) -> list[QueueSlots]:
    if unknown := [engine for engine in engines if engine not in ENGINES]:
        raise InvalidInput(f"There is no engine '{unknown[0]}'. Known engines: {', '.join(ENGINES)}.")
    routes = routes_of(settings)
    if found := [each for each in slots if routes.engine_of(each.queue) in engines]:
        return found
    raise InvalidInput(f"TOLVA_ENGINE and TOLVA_ENGINES give none of these queues to {', '.join(engines)}.")


def _queue_slots(text: str, known: dict[str, int]) -> QueueSlots:
    name, _, slots = text.partition("=")
    if name not in known:
        raise InvalidInput(f"There is no queue '{name}'. Known queues: {', '.join(known)}.")
    if slots and not (slots.isdecimal() and 1 <= int(slots) <= 256):
        raise InvalidInput(f"'{text}': the slots after '=' are a number from 1 to 256.")
    return QueueSlots(name, int(slots or known[name]), asked=bool(slots))


def _greet(settings: Settings, server: app.Server, url: str, hints: Hints, with_flower: bool) -> None:
    out.print("[bold]Tolva is up.[/] Ctrl-C ends it.")
    out.print(
        facts(
            [
                ("Dashboard", url),
                ("API", f"{url}/docs"),
                *([("Flower", flower_url(settings))] if with_flower else []),
                ("Database", "embedded PostgreSQL" if server.embedded else "the one of DATABASE_URL"),
                ("Data folder", settings.data_dir),
            ]
        )
    )
    say(f"Next         {hints.command('load', 'FILE.xlsx', '--param', 'proveedor_id=PROV001')}")


def _tell_if_closed(settings: Settings, hints: Hints, db: Database) -> None:
    """An API that other machines reach lets nobody in without a key."""
    if app.gate(settings, db).lets_nobody_in():
        create = hints.command("key", "create", "--role", "admin", "--name", "NAME")
        err.print("[bold yellow]Nobody can call it yet:[/] there are no keys, and other machines reach this address.")
        err.print(f"Make the first one: {create}", markup=False, soft_wrap=True)
