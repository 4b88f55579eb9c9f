"""`tolva load`: what it says of a file, before and after."""

import json
import shlex
import subprocess
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from unittest.mock import Mock
from uuid import UUID

import psycopg
import pytest

from tests.cli.conftest import Ran, Shell
from tests.conftest import Fresh
from tests.intake.test_uploads import workbook
from tolva.cli import watch

HEAD = "Código,Nombre,Precio,Certificado sanitario,Tiempo de entrega,Nota\n"
ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500)


def load(tolva: Shell, *words: str) -> Ran:
    """In this process, which does the work too: starting the four of a worker takes longer than most loads."""
    return tolva("load", *words, "--param", "proveedor_id=P1", TOLVA_ENGINE="inline")


@pytest.fixture
def products(tmp_path: Path) -> Path:
    path = tmp_path / "productos.csv"
    path.write_text(HEAD + "001,Guante,10.5,INV-1,3,x\n002,Gasa,consultar,INV-2,3,\n", "utf-8")
    return path


def test_a_load_tells_counts_and_refused_rows_and_how_to_get_them_all(tolva: Shell, products: Path):
    folder = str(tolva.folder) + "-b"
    ran = tolva.process("load", str(products), "--param", "proveedor_id=P1", "--data-dir", folder)
    assert ran.code == 4
    assert "completed 2 of 2 rows, 1 refused" in ran.err
    assert ["refused", "1"] in [line.split() for line in ran.out.splitlines()]
    assert '3  Precio  consultar  precio: "consultar" no es un número' in ran.out
    assert ["left", "out", "Nota"] in [line.split() for line in ran.out.splitlines()]
    told = ["by", "another", "name", "Tiempo", "de", "entrega", "→", "tiempo_entrega_dias"]
    assert told in [line.split() for line in ran.out.splitlines()], "a field's own title needs no word"
    assert f"--data-dir {folder} > errors.csv" in ran.out

    again = tolva.process("load", str(products), "--param", "proveedor_id=P1", "--json")
    assert (again.code, again.json["result"]["unchanged"], again.err) == (4, 1, "")

    id = again.json["id"]
    assert tolva("jobs", "errors", id).out.splitlines()[1].startswith("3,Precio,consultar,type,")
    workbook = tolva.folder / "corregir.xlsx"
    assert tolva("jobs", "errors", id, "--xlsx", str(workbook)).out == f"{workbook}\n"
    assert workbook.read_bytes().startswith(b"PK")
    refused = tolva("jobs", "errors", id, "--xlsx", str(workbook))
    assert (refused.code, "over it with --force" in refused.err) == (2, True)
    assert tolva("jobs", "errors", id, "--xlsx", str(workbook), "--force").code == 0
    [line] = [line.split() for line in tolva("jobs", "ls").out.splitlines() if id in line]
    assert line[1:5] == ["bulk_upload", "productos.csv", "·", "P1"]
    assert line[5:11] == ["completed", "2/2", "1", "unchanged,", "1", "refused"]
    assert ["name", "productos.csv", "·", "P1"] in [line.split() for line in tolva("jobs", "show", id).out.splitlines()]


@pytest.mark.parametrize(
    ("alone", "said"),
    [(True, "Start one, and follow it:\n  tolva up\n  tolva jobs watch"), (False, "end it:\n  tolva jobs watch")],
)
def test_whoever_leaves_a_load_is_told_how_it_goes_on(
    tolva: Shell, products: Path, monkeypatch: pytest.MonkeyPatch, alone: bool, said: str
):
    worker = Event()
    if alone:
        worker.set()
    monkeypatch.setattr(watch, "own_worker", lambda *_: nullcontext(worker))
    monkeypatch.setattr(watch, "watch", Mock(side_effect=KeyboardInterrupt))
    ran = load(tolva, str(products))
    assert (ran.code, said in ran.err) == (130, True), ran.err
    assert [row["state"] for row in tolva("jobs", "ls", "--json").json] == ["queued"]


def test_a_worker_that_has_just_been_killed_is_not_waited_for(tolva: Shell, products: Path, fresh: Fresh):
    """It counts as living until its lease has run out; then the command does the work itself."""
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
        admin.execute("SELECT tolva.join_worker(gen_random_uuid(), 'here', 1, ARRAY['bulk_upload'], interval '8 s')")
    ran = tolva.process("load", str(products), "--param", "proveedor_id=P1", "--json")
    assert (ran.code, ran.json["state"]) == (4, "completed")


def test_a_worker_for_other_queues_is_not_waited_for(tolva: Shell, products: Path, fresh: Fresh):
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
        admin.execute("SELECT tolva.join_worker(gen_random_uuid(), 'here', 1, ARRAY['other'], interval '1 h')")
    ran = tolva.process("load", str(products), "--param", "proveedor_id=P1", "--json")
    assert (ran.code, ran.json["state"]) == (4, "completed")


def test_with_the_engine_inline_the_command_itself_does_the_work(tolva: Shell, products: Path):
    ran = tolva.process("load", str(products), "--param", "proveedor_id=P1", "--json", TOLVA_ENGINE="inline")
    assert (ran.code, ran.json["state"]) == (4, "completed")


def test_a_file_that_can_never_be_loaded_is_to_be_corrected_not_tried_again(tolva: Shell, tmp_path: Path):
    path = tmp_path / "no_price.csv"
    path.write_text("codigo,nombre\nA,uno\n")
    ran = load(tolva, str(path))
    assert ran.code == 2
    assert "Faltan columnas obligatorias: precio" in ran.err
    assert "correct yours, or the call, and load it again" in ran.err
    assert "--map" not in ran.err


def test_a_mistyped_column_is_told_before_there_is_a_job(tolva: Shell, products: Path):
    refused = load(tolva, str(products), "--map", "Códigoo=codigo")
    assert (refused.code, 'El archivo no tiene la columna "Códigoo"' in refused.err) == (2, True)
    assert refused.err.startswith("Looking at the columns of the file"), "reading a large one takes its time"
    assert tolva("jobs", "ls", "--json").json == []


def test_whoever_meant_another_sheet_is_told_how_to_name_it(tolva: Shell, tmp_path: Path):
    path = tmp_path / "two.xlsx"
    path.write_bytes(workbook(Portada="Nombre\nventas", Productos=f"{HEAD}001,Guante,10.5,INV-1,3,x"))
    ran = load(tolva, str(path))
    assert 'Encabezados leídos (hoja "Portada", fila 1): Nombre.' in ran.err
    mistyped = load(tolva, str(path), "--sheet", "productso")
    assert (mistyped.code, 'hoja "productso". ¿Quiso decir "Productos"?' in mistyped.err) == (2, True)
    command = f"tolva load {path} --schema products --param proveedor_id=P1 --sheet Productos"
    assert f"To read another sheet (Productos):\n  {command}\n" in ran.err
    [_, job] = tolva("jobs", "ls", "--json").json
    shown = tolva("jobs", "show", job["id"])
    assert "el libro tiene además: Productos." in shown.out
    assert "load two.xlsx --schema products --param proveedor_id=P1 --sheet Productos" in shown.err
    assert tolva(*command.split()[1:], TOLVA_ENGINE="inline").code == 0


def test_a_question_is_asked_with_the_command_that_answers_it(tolva: Shell, tmp_path: Path):
    path = tmp_path / "two.csv"
    path.write_text(HEAD.replace("Nota", "Precio") + "001,Guante,10.5,INV-1,3,20\n", "utf-8")
    ran = tolva.process("load", str(path), "--param", "proveedor_id=P1")
    assert ran.code == 2
    assert '@6 "Precio"  integer  20' in ran.err
    assert "waits for an answer\nThe job waits for your answer. " in ran.err and "failed" not in ran.err
    assert "tolva.jobs.runner" not in ran.err
    command = f"tolva load {path} --schema products --param proveedor_id=P1 --map @3=precio"
    assert ran.err.splitlines()[-1] == f"  {command}"
    assert '@3 "Precio" → precio' in tolva(*command.split()[1:], TOLVA_ENGINE="inline").out
    assert "as you said before" in load(tolva, str(path)).out
    assert [row["name"] for row in tolva("schema", "mappings", "products", "--json").json["mappings"]] == ["@3"]
    assert "files with the header: Código, Nombre, Precio" in tolva("schema", "mappings", "products").out
    assert tolva("schema", "mappings", "products", "--forget", "@4").code == 2
    assert "Nothing is remembered" in tolva("schema", "mappings", "products", "--forget", "@3").out
    path.write_text(path.read_text("utf-8").replace("10.5", "1.234"), "utf-8")
    assert load(tolva, str(path), "--map", "@3=precio", "--locale", "es-CO").code == 0
    shown = tolva("schema", "mappings", "products", "--forget", "@3").out
    assert "(numbers and dates)  es-CO" in shown
    assert shown.splitlines()[-1].startswith("To forget one: tolva schema mappings products --forget-locale LOCALE")
    assert tolva("schema", "mappings", "products", "--forget-locale", "en-US").code == 2
    forget = "schema", "mappings", "products", "--forget-locale", "es-CO"
    assert tolva(*forget, "--param", "proveedor_id=P2").code == 2
    assert tolva("schema", "mappings", "products", "--param", "proveedor_id=P1").code == 2
    assert "Nothing is remembered" in tolva(*forget, "--param", "proveedor_id=P1").out
    tolva("schema", "mappings", "products", "--forget-all")
    noted = [(line["action"], line["target"], line["detail"]) for line in tolva("audit", "--json").json]
    column, locale = (
        ("mapping.forget", "products", {"column": "@3"}),
        ("locale.forget", "products", {"locale": "es-CO", "constants": {"proveedor_id": "P1"}}),
    )
    told = [line for line in noted if line[0].endswith(".forget")]
    assert told == [locale, column, column], "to forget all found nothing any more"


def test_whoever_sent_numbers_of_two_meanings_is_told_how_to_say_which(tolva: Shell, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}001,Guante,1.204,INV-1,3,\n", "utf-8")
    asked = load(tolva, str(path))
    command = f"tolva load {path} --schema products --param proveedor_id=P1 --locale es-CO"
    assert (asked.code, asked.err.splitlines()[-1]) == (2, f"  {command}")
    assert tolva(*command.split()[1:], TOLVA_ENGINE="inline").code == 0


def test_a_correction_is_read_as_the_load_that_it_corrects(tolva: Shell, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD.replace(',', ';')}001;Guante;1.2O4;INV-1;3;\n002;Gasa;12,5;INV-1;3;\n", "utf-8")
    assert load(tolva, str(path)).code == 4
    [refused] = tolva("jobs", "ls", "--json").json
    assert tolva("jobs", "errors", refused["id"], "--xlsx", str(tmp_path / "b.xlsx")).code == 0
    path.write_text(f"{HEAD.replace(',', ';')}001;Guante;1.204;INV-1;3;\n", "utf-8")
    assert load(tolva, str(path), "--corrects", str(UUID(int=0))).code == 2
    assert load(tolva, str(path), "--corrects", refused["id"]).code == 0


@pytest.mark.parametrize("said", [["precio=precio"], ["@3=precio", "Neto=precio"], ["Neto=precio", "@4=precio"]])
def test_the_command_that_answers_ends_the_question_whatever_was_said_before(
    tolva: Shell, tmp_path: Path, said: list[str]
):
    path = tmp_path / "three prices.csv"
    path.write_text("codigo,nombre,precio,precio,Neto,certificado_sanitario,tiempo_entrega_dias\n1,Gasa,2,3,4,CS,5\n")
    answers = [word for answer in ["nombre=nombre", *said] for word in ("--map", answer)]
    asked = load(tolva, str(path), "--dry-run", "--header-row", "1", *answers)
    assert asked.code == 2
    command = shlex.split(asked.err.splitlines()[-1])
    assert command[-4:-2] == ["--map", "nombre=nombre"]
    assert "A dry run: nothing was written." in tolva(*command[1:], TOLVA_ENGINE="inline").out


def test_the_columns_of_a_file_without_header_are_shown(tolva: Shell, tmp_path: Path):
    path = tmp_path / "bare.csv"
    path.write_text("001,Guante,10.5,INV-1,3\n002,Gasa,2.5,INV-2,3\n", "utf-8")
    failed = load(tolva, str(path), "--json").json
    watched = tolva("jobs", "watch", failed["id"])
    assert "@2      string   Guante · Gasa" in watched.err
    assert (
        "tolva load bare.csv --schema products --param proveedor_id=P1 --map COLUMN=codigo --map COLUMN=n"
        in watched.err
    )


def test_whoever_waits_is_told_that_the_queue_is_paused(tolva: Shell, products: Path):
    assert tolva("queue", "pause", "bulk_upload").code == 0  # also before any worker has opened it
    with subprocess.Popen(
        tolva.command("load", str(products), "--param", "proveedor_id=P1"),
        env=tolva.environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert waiting.stderr is not None
        assert "is paused" in waiting.stderr.readline()
        assert tolva("queue", "resume", "bulk_upload").code == 0
        assert waiting.wait(60) == 4


def test_with_the_engine_inline_there_are_no_workers_of_their_own(tolva: Shell):
    ran = tolva("worker", TOLVA_ENGINE="inline")
    assert ran.code == 2
    assert "the API runs the jobs" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nada.xlsx", None, "There is no file"),
        ("carpeta.xlsx", "folder", "is a folder. Name one file in it."),
        ("lista.pdf", b"a,b\n1,2\n", "Solo se aceptan archivos .csv, "),
        ("lista.xlsx", b"a,b\n1,2\n", "su contenido no lo es"),
        ("vacio.csv", b"", "vacío"),
        ("secreto.xlsx", ENCRYPTED, "contraseña"),
    ],
)
def test_what_cannot_be_loaded_is_refused_before_anything_is_started(
    homeless: Shell, tmp_path: Path, name: str, content: bytes | str | None, said: str
):
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    ran = homeless("load", str(path), "--param", "proveedor_id=P1")
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--param", "proveedor_id=P1", "--tenant", ""], "name a tenant"),
        ([], "Add: --param proveedor_id=VALUE"),
        (["--param", "proveedor_id"], "write NAME=VALUE"),
        (["--param", "proveedor_id=P1", "--param", "color=azul"], "takes no such value. It takes: proveedor"),
        (["--param", "proveedor_id=P1", "--param", "proveedor_id=P2"], "is given twice"),
        (["--param", "proveedor_id=P1", "--map", "Nota=preico"], 'campo "preico". ¿Quiso decir "precio"? Existen: cod'),
        (["--param", "proveedor_id=P1", "--encoding", "cp1525"], "no encoding 'cp1525'. Write it as utf-8, cp1252"),
        (["--param", "proveedor_id=P1", "--map", "Nota"], "for instance --map Importe=precio, --map @3=precio"),
    ],
)
def test_a_wrong_option_names_the_remedy(homeless: Shell, products: Path, options: list[str], said: str):
    ran = homeless("load", str(products), *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_an_unknown_schema_is_told_with_those_there_are(tolva: Shell, products: Path):
    ran = tolva("load", str(products), "--schema", "nada")
    assert (ran.code, "Known schemas: products." in ran.err) == (2, True)


def test_a_dry_run_its_changes_and_an_undo(tolva: Shell, products: Path):
    dry = load(tolva, str(products), "--dry-run")
    assert "A dry run: nothing was written." in dry.out
    loaded = load(tolva, str(products), "--json").json
    changes = [json.loads(line) for line in tolva("jobs", "changes", loaded["id"], "--json").out.splitlines()]
    assert len(changes) == loaded["result"]["created"] > 0
    assert "created" in tolva("jobs", "changes", loaded["id"]).out
    undone = tolva.process("jobs", "undo", loaded["id"])
    assert undone.code == 0
    assert f"removed                    {len(changes)}" in undone.out
    [line] = [line.split() for line in tolva("jobs", "ls").out.splitlines() if "removed" in line]
    assert line[1:9] == [
        "undo",
        "productos.csv",
        "·",
        "P1",
        "completed",
        f"{len(changes)}/{len(changes)}",
        f"{len(changes)}",
        "removed",
    ]
    assert f"undone by  {line[0]}" in tolva("jobs", "show", loaded["id"]).out
    assert "undone" in next(each for each in tolva("jobs", "ls").out.splitlines() if loaded["id"] in each)
    assert tolva("jobs", "changes", "01a20f1c-3f23-74c3-b8b1-88ae8d80626e").code == 2


def test_a_database_that_does_not_answer_means_try_later(homeless: Shell, products: Path):
    ran = homeless("load", str(products), "--param", "proveedor_id=P1")
    assert ran.code == 3
    assert ran.err.startswith("Error: PostgreSQL does not answer")
