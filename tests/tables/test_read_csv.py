import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading import csv_source, open_source
from tolva.tables.reading.csv_block import ODD, BlockParser
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.options import AS_FOUND, ReadOptions
from tolva.tables.reading.source import Frame, Position, Source

Rows = list[tuple[int, tuple[str, ...]]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stored"


def rows_of(frames: list[Frame]) -> Rows:
    """Row number and cells, blank and absent alike."""
    found: Rows = []
    for frame in frames:
        for row, *cells in frame.rows.drop("flaw", "more").rows():
            found.append((row, tuple(cell or "" for cell in cells)))
    return found


def read(path: Path, content: bytes | str, options: ReadOptions = AS_FOUND, known: str = "") -> Source:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_source(path, "csv", path.parent, known=frozenset(known.split()), options=options)


def flaws(source: Source) -> dict[int, str | None]:
    return {row: flaw for frame in source.frames(None, 100) for row, flaw in frame.rows.select("row", "flaw").rows()}


CELL = st.text(st.sampled_from('ab1 ",;\t\n\rñ日🙂\\'), max_size=5)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, int, Rows]:
    """A well-formed file: its text, delimiter, width, and its rows as `csv` reads them."""
    width = draw(st.integers(1, 3))
    delimiter = draw(st.sampled_from(",;\t")) if width > 1 else ","  # one header alone shows no delimiter
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    everything = draw(st.booleans())  # the writer leaves a lone carriage return bare, which is not well-formed
    cells = CELL if everything else CELL.map(lambda text: text.replace("\r", ""))
    quoting = csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
    body = draw(st.lists(st.lists(cells, max_size=width), max_size=12))
    head = [[]] * draw(st.integers(0, 2)) + [[f"h{n}" for n in range(width)]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows([*head, *body])
    text = out.getvalue() if draw(st.booleans()) else out.getvalue().removesuffix(ending)
    records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    rows = [
        (n, (*cells, *[""] * (width - len(cells)))) for n, cells in enumerate(records, 1) if any(map(str.strip, cells))
    ]
    return text, delimiter, width, rows[1:]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=files(), block=st.integers(1, 64), size=st.integers(1, 5), mark=st.booleans())
def test_any_block_and_frame_size_reads_as_the_csv_module_does_and_resumes_anywhere(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: tuple[str, str, int, Rows],
    block: int,
    size: int,
    mark: bool,
) -> None:
    text, delimiter, width, expected = file
    monkeypatch.setattr(csv_source, "BLOCK", block)
    names = " ".join(f"h{n}" for n in range(width))
    options = ReadOptions(delimiter=delimiter, quote='"')
    source = read(path, (b"\xef\xbb\xbf" if mark else b"") + text.encode(), options, names)
    assert source.headers == tuple(f"h{n}" for n in range(width))
    frames = list(source.frames(None, size))
    assert rows_of(frames) == expected
    assert all(frame.rows.height <= size for frame in frames)
    monkeypatch.setattr(csv_source, "KEPT", 0)
    again = read(path, (b"\xef\xbb\xbf" if mark else b"") + text.encode(), options, names)
    for each in (source, again, again):
        assert rows_of(list(each.frames(None, size + 1))) == expected
    for frame in frames:
        at = Position.from_json(json.loads(json.dumps(frame.next.to_json())))
        assert rows_of(list(source.frames(at, size))) == [row for row in expected if row[0] > at.row]


class CarefulParser(BlockParser):
    def _how(self, text: str) -> pl.Expr:
        return pl.when(pl.col("number") >= 0).then(ODD).cast(pl.UInt8).alias("how")


@settings(max_examples=150, deadline=None)
@given(file=files())
def test_the_fast_and_the_careful_way_agree(file: tuple[str, str, int, Rows]) -> None:
    text, delimiter, width, _ = file
    fast, careful = (
        parser(Dialect(delimiter), width).parse(text.encode(), final=True) for parser in (BlockParser, CarefulParser)
    )
    blank = pl.selectors.starts_with("c").str.strip_chars(" \t\r").fill_null("")
    assert fast.with_columns(blank).equals(careful.with_columns(blank))


@pytest.mark.parametrize("row", ['5" pipe,3', 'x,3" y', '"a"b,3', 'a,"b"c', "a,b\rc", '"a,3', 'a,"', '"", ""b"'])
def test_a_stray_quote_or_return_spoils_no_other_row(path: Path, row: str) -> None:
    rows = rows_of(list(read(path, f'h1,h2\n"1",2\n{row}\n"6\n7",8\n').frames(None, 100)))
    assert rows[0] == (2, ("1", "2"))
    assert rows[-1][1] == ("6\n7", "8")


def test_too_few_cells_are_blank_and_too_many_are_a_flaw(path: Path) -> None:
    source = read(path, 'a,b\n1\n1,2,,"",\n1,2,3\n1,2,,x\n')
    assert flaws(source) == {2: None, 3: None, 4: "extra_cells", 5: "extra_cells"}
    assert rows_of(list(source.frames(None, 9)))[0] == (2, ("1", ""))
    assert flaws(read(path, "a,b\n1,2,,,\n1,2,3\n1,2\n")) == {2: None, 3: "extra_cells", 4: None}


def test_an_open_quote_is_told_at_the_row_where_it_begins(path: Path) -> None:
    assert flaws(read(path, 'a,b\n1,2\n"3,4\n5,6\n')) == {2: None, 3: "stray_quote", 4: None}


def test_bytes_that_are_not_utf8_stay_in_their_row(path: Path) -> None:
    source = read(path, b"a,b\n1,\xf1\n2,\xc3\xb1\n3,\x00\n")
    assert rows_of(list(source.frames(None, 9))) == [(2, ("1", "\ufffd")), (3, ("2", "ñ")), (4, ("3", "\0"))]


def test_offsets_count_bytes_even_where_they_are_not_utf8(path: Path) -> None:
    source = read(path, b'a,b\n1,\xf1\xf1\n"2",\xc3\xb1\n3,4\n')
    first = next(source.frames(None, 1))
    assert rows_of(list(source.frames(first.next, 9))) == [(3, ("2", "ñ")), (4, ("3", "4"))]


def test_blank_rows_are_counted_but_not_yielded(path: Path) -> None:
    source = read(path, '\n , \na,b\n\n1,2\n" ",\n3,4')
    assert source.headers == ("a", "b")
    assert [row for row, _ in rows_of(list(source.frames(None, 9)))] == [5, 7]


def test_a_record_over_the_limit_names_its_row(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_source, "MAX_RECORD", 100)
    monkeypatch.setattr(csv_source, "BLOCK", 16)
    source = read(path, 'a,b\n1,2\n3,"' + "x\n" * 500)
    with pytest.raises(UnreadableFile, match="La fila 3 supera los 16 MB"):
        list(source.frames(None, 10))


def test_a_cell_longer_than_the_csv_modules_own_limit_is_read(path: Path) -> None:
    source = read(path, 'a,b"\n1,"' + "x" * 200_000 + '"\n')
    assert [len(cells[1]) for _, cells in rows_of(list(source.frames(None, 10)))] == [200_000]


@pytest.mark.parametrize("content", ["", "\n \n,,\n", "\ufeff"])
def test_a_file_without_anything_is_unreadable(path: Path, content: str) -> None:
    with pytest.raises(UnreadableFile, match="está vacío"):
        read(path, content)


def test_too_many_columns_are_refused(path: Path) -> None:
    with pytest.raises(TooLarge, match="más de 2000 columnas"):
        read(path, ",".join(f"c{n}" for n in range(2001)))


def test_memory_is_bounded_by_the_block(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No block that is parsed is larger than one read and the unfinished record before it."""
    seen: list[int] = []

    parse = BlockParser.parse

    def spy(parser: BlockParser, block: bytes, *, final: bool) -> pl.DataFrame:
        seen.append(len(block))
        return parse(parser, block, final=final)

    source = read(path, "a,b\n" + "1,2\n" * 20_000)
    monkeypatch.setattr(csv_source, "BLOCK", 1000)
    monkeypatch.setattr(BlockParser, "parse", spy)
    frames: Iterator[Frame] = source.frames(None, 100)
    assert sum(frame.rows.height for frame in frames) == 20_000
    assert max(seen) < 2000


def test_what_is_kept_between_two_passes_is_bounded_by_its_cells(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def parses(content: str) -> int:
        """Blocks that are parsed in three passes."""
        seen: list[int] = []
        source = read(path, content)
        with monkeypatch.context() as patch:
            parse = BlockParser.parse

            def spy(parser: BlockParser, block: bytes, *, final: bool) -> pl.DataFrame:
                seen.append(len(block))
                return parse(parser, block, final=final)

            patch.setattr(BlockParser, "parse", spy)
            passes = [rows_of(list(source.frames(None, 1_000))) for _ in range(3)]
        assert passes[0] == passes[1] == passes[2]
        return len(seen)

    monkeypatch.setattr(csv_source, "BLOCK", 1_000)
    monkeypatch.setattr(csv_source, "KEPT", 40_000)
    assert parses("a,b\n" + f"{'x' * 41},y\n" * 90) < 8
    assert parses("a,b\n" + "1,2\n" * 990) > 10, "as many bytes, but eleven times as many cells"


def test_a_damaged_byte_in_the_header_moves_no_row(path: Path) -> None:
    source = read(path, b"C\xc3\xb3digo;Descripci\xf3n;Precio\nAB-000;uno;1\nAB-001;dos;2\n", known="codigo precio")
    assert rows_of(list(source.frames(None, 10))) == [(2, ("AB-000", "uno", "1")), (3, ("AB-001", "dos", "2"))]


def test_a_long_line_without_an_end_is_looked_at_in_no_time(path: Path) -> None:
    """Its one byte beyond ASCII was once looked for from every place in the line anew."""
    source = read(path, b"a,b\n" + b"x" * 300_000 + b"\xf1,1\n")
    assert source.findings.encoding == "cp1252"
