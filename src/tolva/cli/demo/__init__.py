"""`tolva demo`: a sample workbook from upload to table, over real HTTP, on a data folder of its own."""

import shlex
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.markup import escape

from tolva.cli.columns import columns_told
from tolva.cli.console import Exit, err, out, say
from tolva.cli.counts import summary
from tolva.cli.demo.errand import Answer, await_health, download, follow, told, upload
from tolva.cli.demo.house import House, demo_settings, house
from tolva.cli.demo.sample import Sample, write_sample
from tolva.cli.demo.story import PEEK, nothing_changed, peek, refused
from tolva.cli.hints import Hints
from tolva.cli.meter import Reading, meter
from tolva.connectors.disk import explained as disk_explained
from tolva.errors import SettingsError
from tolva.settings import Settings, load_settings

SUPPLIER = "PROV001"


def demo(
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the demonstration; the usual one and '-demo'.")
    ] = None,
) -> None:
    """See it work: load 3,000 sample products through the API, into a folder that can be deleted afterwards."""
    settings = demo_settings(data_dir)
    out.print(f"[bold]Tolva demo[/] in {escape(str(settings.data_dir))}", soft_wrap=True)
    try:
        answer = _perform(settings)
    except KeyboardInterrupt:
        err.print("Stopped; everything that was started has ended.")
        raise typer.Exit(Exit.INTERRUPTED) from None
    except SettingsError as error:
        if not (settings.data_dir / "postgres" / "data").exists():
            raise
        away = shlex.join(["rm", "-r", str(settings.data_dir)])
        raise SettingsError(f"{error} Or begin the demonstration anew, without its data: {away}") from error
    if answer["status"] != "completed":
        err.print(f"[bold red]The job failed.[/] {escape(str(answer['error']))}", soft_wrap=True)
        raise typer.Exit(Exit.FAILED)
    _next_steps(settings)


def _perform(settings: Settings) -> Answer:
    _step("tolva up", "PostgreSQL, API and workers; the first start makes the database")
    began = time.monotonic()
    with house(settings) as running, httpx.Client(base_url=running.url, timeout=30, trust_env=False) as client:
        with disk_explained():
            sample = write_sample(settings.data_dir / "productos.xlsx")
        await_health(client)
        _detail(f"ready after {time.monotonic() - began:.1f} s · {running.url}/docs")
        _step("a workbook", f"{sample.rows:,} rows, {sample.spoilt} spoilt on purpose, {sample.repeated} repeated")
        _detail(str(sample.path))
        answer = _send(client, running, sample)
        if answer["status"] == "completed":
            _show(client, running, answer, settings.data_dir / "errores.csv")
    return answer


def _send(client: httpx.Client, running: House, sample: Sample) -> Answer:
    accepted = upload(client, sample.path, SUPPLIER)
    _step("the upload", f"answered {accepted.status} after {accepted.seconds * 1000:.0f} ms")
    _detail(f"as in: curl -F file=@{sample.path} '{running.url}/api/catalog/items/bulk-upload?proveedor_id={SUPPLIER}'")
    answer: Answer = {}
    with meter(out) as gauge:
        for answer in follow(client, accepted.body["status_url"]):
            gauge.show(Reading.of(answer["status"], answer["progress"]))
    return answer


def _show(client: httpx.Client, running: House, answer: Answer, errors: Path) -> None:
    download(client, answer["result"]["errores_url"], errors)
    load = told(client, answer["task_id"])
    _step("the result", "")
    out.print(summary(load))
    if nothing_changed(load["result"]):
        say("Nothing changed: this workbook was loaded before, and every good row equals what is stored.")
    _step("the columns", "which went to which field, where the header did not say just that")
    out.print(columns_told(load["progress"]))
    _step("refused rows", "one of each kind")
    out.print(refused(errors))
    _detail(f"all of them: {errors}")
    _step("the table", PEEK)
    out.print(peek(running.server))


def _next_steps(settings: Settings) -> None:
    hints = Hints(settings.data_dir)
    own = "env -u DATABASE_URL -u DB_DSN " if load_settings().database_url else ""
    _step("what next", "everything that was started has ended; the data stays")
    for words, why in (
        (("up",), "API, workers and PostgreSQL until Ctrl-C"),
        (("load", "YOUR.xlsx", "--param", f"proveedor_id={SUPPLIER}"), "a file of yours"),
        (("jobs", "ls"), "what was done"),
        (("doctor",), "is everything well?"),
    ):
        say(f"  {own}{hints.command(*words)}   # {why}")


def _step(name: str, said: str) -> None:
    out.print(f"\n[bold cyan]{name}[/]  {escape(said)}".rstrip(), soft_wrap=True)


def _detail(said: str) -> None:
    out.print(f"[dim]{escape(said)}[/]", soft_wrap=True)
