"""`tolva read`: files of any kind as clean CSV."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from tolva.cli.console import Exit, err, say
from tolva.cli.files import Delimiter, Encoding, HeaderRow, Quote, Sheet, opened_file, read_options
from tolva.errors import InvalidInput, TolvaError
from tolva.tables.clean import clean_csv
from tolva.tables.reading.options import ReadOptions

FAILED = "Application Error"
"""First line of what is written for a file that cannot be read; its second is the reason."""


def read(
    files: Annotated[list[Path], typer.Argument(help="Files of any kind that `load` takes.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for NAME_converted.csv, made when absent.", show_default=False)],
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    quote: Quote = None,
    header_row: HeaderRow = None,
    sheet: Sheet = None,
) -> None:
    """Read files, and write each as clean CSV: UTF-8, commas, quotes doubled, header first, values untouched."""
    options = read_options(encoding, delimiter, quote, header_row, sheet)
    if len({file.name for file in files}) < len(files):
        raise InvalidInput(
            "Two of the files have the same name, and would be written to one place. Give one at a time."
        )
    out.mkdir(parents=True, exist_ok=True)
    failed = [file for file in files if not _convert(file, out / f"{file.name}_converted.csv", options)]
    say(f"{len(files) - len(failed)} of {len(files)} files read into {out}")
    raise typer.Exit(Exit.FAILED if failed else Exit.DONE)


def _convert(file: Path, target: Path, options: ReadOptions) -> bool:
    try:
        if file.is_file() and not file.stat().st_size:
            _write(target, ())
        else:
            with opened_file(file, options) as source:
                _write(target, clean_csv(source))
                for note in source.findings.notes:
                    err.print(f"{file}: {note}", markup=False, soft_wrap=True)
    except TolvaError as error:
        _write(target, (f"{FAILED}\n{error}\n",))
        err.print(f"{file}: {error}", markup=False, soft_wrap=True)
        return False
    return True


def _write(target: Path, pieces: Iterable[str]) -> None:
    """All of it or nothing: what was there before stays until the new file is whole."""
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace", newline="") as stream:
            stream.writelines(pieces)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
