"""Local files that a command is given, and what its options say of them."""

import tempfile
from collections.abc import Callable, Generator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from xlsxwriter.exceptions import FileCreateError  # pyright: ignore[reportMissingTypeStubs]

from tolva.errors import InvalidInput, UnreadableFile
from tolva.tables.reading import open_source
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.sniff import HEAD, FileKind, guess
from tolva.tables.reading.source import Source

Encoding = Annotated[str | None, typer.Option(help="Encoding of a text file, for instance cp1252. (default: detected)")]
Delimiter = Annotated[str | None, typer.Option(help="What separates cells; \\t is a tab. (default: detected)")]
Quote = Annotated[str | None, typer.Option(help="What encloses cells; empty for nothing. (default: detected)")]
HeaderRow = Annotated[
    int | None, typer.Option(help="Row of the header, from 1; 0 when there is none. (default: detected)", min=0)
]
Sheet = Annotated[
    str | None, typer.Option(help="Name of a workbook's sheet, or its number from 1. (default: detected)")
]
Locale = Annotated[
    str | None,
    typer.Option(
        help="How numbers and dates that mean two things are meant: es-CO, en-US …; empty for nothing that was said of"
        " an earlier file. (default: as said of it, else the schema's)"
    ),
]

Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


def read_options(
    encoding: str | None,
    delimiter: str | None,
    quote: str | None,
    header_row: int | None,
    sheet: str | None,
    locale: str | None = None,
) -> ReadOptions:
    """What the options of a command say."""
    delimiter = delimiter.replace("\\t", "\t") if delimiter else None
    return ReadOptions(encoding, delimiter, quote, header_row, sheet, locale)


def kind_of_file(path: Path, judge: Callable[[bytes, str], FileKind] = guess) -> FileKind:
    """What a local file is, by `guess` or `sniff`. Raises InvalidInput when it is not there, UnreadableFile."""
    try:
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder. Name one file in it.")
        with path.open("rb") as stream:
            return judge(stream.read(HEAD), path.name)
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {path} (looked in {Path.cwd()}).") from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error


@contextmanager
def opened_file(path: Path, options: ReadOptions, known: Set[str] = frozenset()) -> Generator[Source]:
    """A local file, opened for as long as the context. Raises what `kind_of_file` and `open_source` raise."""
    kind = kind_of_file(path)
    with tempfile.TemporaryDirectory(prefix="tolva-") as scratch:
        yield open_source(path, kind, Path(scratch), name=path.name, known=known, options=options)


@contextmanager
def new_file(path: Path, *, force: bool) -> Generator[Path]:
    """Where to write a file, which takes its place when it is whole; what was there stays until then.

    Raises InvalidInput when there is one and nobody said `force`, or when it cannot be written.
    """
    if path.exists() and not force:
        raise InvalidInput(f"{path} is there already. Name another file, or write over it with --force.")
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except (OSError, FileCreateError) as error:
        raise InvalidInput(f"{path} cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
