"""Turns a block of a CSV file's bytes into records, with the byte at which each ends.

Lines whose quotes are in order go through the column engine, all at once. Where a quote is not, that record alone is
read with care: a stray quote or byte must spoil its own row only.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import re
from itertools import zip_longest

import polars as pl

from tolva.tables.reading.csv_cells import Open, Record, Splitter
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.source import cell_names

BARE, QUOTED, LITERAL, ODD, BLANK = range(5)
"""What a line is: cells without quotes; some cells in well-formed quotes; quotes only inside of bare cells; a case for
care; nothing at all."""


class BlockParser:
    """Reads blocks of one file, `width` cells in a record."""

    def __init__(self, dialect: Dialect, width: int) -> None:
        self._dialect = dialect
        self._width = width
        self._splitter = Splitter(dialect)
        cells: dict[str, pl.DataType] = {name: pl.String() for name in cell_names(width)}
        self._schema = {"line": pl.UInt32(), **cells, "more": pl.List(pl.String()), "flaw": pl.String()}
        sign, mark = re.escape(dialect.delimiter), re.escape(dialect.quote or "")
        inside = f"{mark}(?:[^{mark}]|{mark}{mark})*{mark}"
        cell = f"(?:{inside}|[^{mark}{sign}]*)"
        self._inside = inside
        self._opening = rf"(?:^|{sign})[ \t]*{mark}"
        self._well_formed = rf"^{cell}(?:{sign}{cell})*\r?$"

    def parse(self, block: bytes, *, final: bool) -> pl.DataFrame:
        """The complete records at the start of `block`, blank ones included.

        Columns: `line` (UInt32: where it begins, counted in the block), `c0` … (String, `width` of them), `more`
        (List of String: the cells beyond, else null), `flaw` (String) and `end` (Int64: offset in the block just after
        the record). Bytes that are not UTF-8 become U+FFFD. With `final` the end of the block ends its last record.
        """
        block = block if final else block[: block.rfind(b"\n") + 1]
        if not block:
            return pl.DataFrame(schema={**self._schema, "end": pl.Int64()})
        text = block.decode("utf-8", "replace")
        lines = _lines(block, text)
        lines = lines.with_columns(how=lines.select(self._how(text))["how"])
        odd, taken, complete = self._odd_records(text, lines, final=final)
        rest = lines.head(complete)
        rest = rest.filter(pl.col("number").is_in(taken.implode()).not_()) if taken.len() else rest
        parts = [odd, *self._even_records(block, text, rest, whole=rest.height == lines.height)]
        filled = [part for part in parts if part.height]
        # In one chunk each: the column engine's own `format` fails where columns are cut in different places.
        records = pl.concat(filled).sort("line").rechunk() if len(filled) > 1 else (filled or [odd])[0].rechunk()
        last = records["line"].shift(-1, fill_value=complete) - 1
        return records.with_columns(end=lines["end"].gather(last))

    def _how(self, text: str) -> pl.Expr:
        line, how = pl.col("text"), pl.lit(BARE)
        if not self._dialect.plain:
            how = pl.lit(ODD)
        else:
            bare, quote = line, self._dialect.quote
            if quote is not None and quote in text:
                bare = line.str.replace_all(self._inside, quote)
                opened = line.str.contains(self._opening)
                formed = pl.when(line.str.contains(self._well_formed)).then(QUOTED).otherwise(ODD)
                marked = pl.when(opened).then(formed).otherwise(LITERAL)
                how = pl.when(line.str.contains(quote, literal=True)).then(marked).otherwise(BARE)
                bare = pl.when(how == LITERAL).then(line).otherwise(bare)  # there quotes hide no delimiter
            odd = bare.str.count_matches(self._dialect.delimiter, literal=True) >= self._width
            if "\r" in text:
                odd |= line.str.strip_suffix("\r").str.contains("\r", literal=True)
            how = pl.when(odd).then(ODD).otherwise(how)
        blank = line.str.strip_chars(" \t\r\ufeff") == ""  # files that were joined have marks inside
        return pl.when(blank).then(BLANK).otherwise(how).cast(pl.UInt8).alias("how")

    def _odd_records(self, text: str, lines: pl.DataFrame, *, final: bool) -> tuple[pl.DataFrame, pl.Series, int]:
        """The records that need care, the lines they take, and the number of lines up to the first unfinished one."""
        records: list[Record] = []
        begins: list[int] = []
        taken: list[int] = []
        complete, after = lines.height, 0
        numbers = lines.filter(pl.col("how") == ODD)["number"].to_list()
        starts = (
            (lines["text"].str.len_chars().cast(pl.Int64) + 1).cum_sum() if numbers else pl.Series([], dtype=pl.Int64)
        )
        for number in numbers:
            if number < after:
                continue
            start = starts[number - 1] if number else 0
            try:
                record = self._splitter.record(text, start, self._width, final=final)
            except Open:
                complete = number
                break
            after = number + 1 + text.count("\n", start, record.end)
            records.append(record)
            begins.append(number)
            taken += range(number, after)
        return self._framed(begins, records), pl.Series(taken, dtype=pl.UInt32), complete

    def _framed(self, begins: list[int], records: list[Record]) -> pl.DataFrame:
        width = self._width
        columns = list(zip_longest(*(record.cells[:width] for record in records)))
        columns += [(None,) * len(records)] * (width - len(columns))
        more = [record.cells[width:] if any(map(str.strip, record.cells[width:])) else None for record in records]
        flaws = [record.flaw or (extra and "extra_cells") for record, extra in zip(records, more, strict=True)]
        cells = dict(zip(cell_names(width), columns, strict=True))
        return pl.DataFrame({"line": begins, **cells, "more": more, "flaw": flaws}, schema=self._schema)

    def _even_records(self, block: bytes, text: str, lines: pl.DataFrame, *, whole: bool) -> list[pl.DataFrame]:
        """The records that are one well-formed line each; `whole` if they are all of the block."""
        quote = self._dialect.quote if self._dialect.quote and self._dialect.quote in text else None
        groups: list[pl.DataFrame] = []
        for kinds, mark in (((BARE, QUOTED), quote), ((LITERAL,), None)):
            chosen = lines.filter(pl.col("how").is_in(kinds))
            if chosen.height:
                all_of_it = whole and chosen.height == lines.height
                whole_block = all_of_it and "\ufffd" not in text
                content = block if whole_block else "\n".join(chosen["text"]).encode()
                groups.append(self._engine(content, chosen["number"], mark))
        blank = lines.filter(pl.col("how") == BLANK)
        if blank.height:
            groups.append(self._filled(pl.DataFrame({"line": blank["number"]})))
        return groups

    def _engine(self, content: bytes, numbers: pl.Series, quote: str | None) -> pl.DataFrame:
        cells = pl.read_csv(
            content,
            has_header=False,
            separator=self._dialect.delimiter,
            quote_char=quote,
            schema=dict.fromkeys(cell_names(self._width), pl.String),
            missing_columns="insert",
        )
        return self._filled(cells.with_columns(numbers.alias("line")))

    def _filled(self, records: pl.DataFrame) -> pl.DataFrame:
        """With all the columns, in order."""
        absent = [pl.lit(None, kind).alias(name) for name, kind in self._schema.items() if name not in records.columns]
        return records.with_columns(absent).select(list(self._schema))


def _lines(block: bytes, text: str) -> pl.DataFrame:
    """`number`, `text` without its newline, and `end`: the offset in the block after the newline."""
    pieces = pl.Series("text", text.removesuffix("\n").split("\n"), dtype=pl.String)
    damaged = "\ufffd" in text  # then the text is not as long as the bytes
    sizes = (
        pl.Series([len(line) for line in block.removesuffix(b"\n").split(b"\n")]) if damaged else pieces.str.len_bytes()
    )
    ends = (sizes.cast(pl.Int64) + 1).cum_sum().clip(upper_bound=len(block))
    return pl.DataFrame({"text": pieces, "end": ends}).with_row_index("number")
