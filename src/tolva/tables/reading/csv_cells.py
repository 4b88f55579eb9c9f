"""One record of a text file into its cells, also where its quotes are wrong."""

import re
from dataclasses import dataclass

from tolva.tables.reading.dialect import Dialect

LONGEST_OPEN = 1024 * 1024
"""Characters that a quoted cell may span over several lines; a quote that is open for longer is a stray one."""


ANY_WIDTH = 1_000_000
"""For where it is not known yet how many cells a record should have."""
GAP = re.compile(" *")


@dataclass(frozen=True)
class Record:
    """The cells of one record and where it ends: at its newline, or at the end of the text."""

    cells: list[str]
    end: int
    flaw: str | None = None


class Open(Exception):
    """A quote is still open where the text ends."""


class Splitter:
    """Splits text into the cells of a dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        delimiter, escape = re.escape(dialect.delimiter), re.escape(dialect.escape or "")
        pad = "[ \t]*" if dialect.delimiter not in " \t" else ""
        self._step = len(dialect.delimiter)
        plain = rf"[^{delimiter}{escape}\n]" if self._step == 1 else rf"(?!{delimiter})[^\n]"
        self._bare = re.compile(rf"(?:{plain}|{escape}[^\n])*+" if escape else rf"(?:{plain})*+")
        if dialect.quote is None:
            return
        quote = re.escape(dialect.quote)
        ends = rf"{pad}(?={delimiter}|\r?\n|\r?\Z)"
        escaped = rf"{escape}." if escape else f"{quote}{quote}"
        inner = rf"(?:[^{quote}{escape}]|{escaped})*+"
        self._opening = re.compile(f"{pad}{quote}")
        self._strict = re.compile(rf"{pad}{quote}({inner}){quote}{ends}", re.DOTALL)
        self._unclosed = re.compile(rf"{pad}{quote}{inner}(?:{escape})?\Z", re.DOTALL)
        # A quote closes a cell only where the cell can end, and none opens inside it.
        loose = rf"(?:{escaped}(?!{ends})|(?!{quote}{ends}|{delimiter}{pad}{quote})[^\n])*+"
        self._lenient = re.compile(rf"{pad}{quote}({loose}){quote}{ends}")

    def record(self, text: str, start: int, width: int, *, final: bool) -> Record:
        """The record that begins at `start`; `width` is how many cells it should have.

        Quotes that cannot be right make the record end with its line; it is flawed when one is left without its pair.
        Raises Open where a quoted cell may go on after the text, which cannot be when it is the `final` one.
        """
        strict = self._split(text, start, strict=True)
        if strict is not None and (len(strict.cells) <= width or "\n" not in text[start : strict.end]):
            return strict
        if strict is None and not final and self._may_go_on(text, start):
            raise Open
        lenient = self._split(text, start, strict=False)
        assert lenient is not None, "every line has a lenient reading"
        if strict is not None and len(lenient.cells) != width:
            return strict
        return lenient

    def _split(self, text: str, at: int, *, strict: bool) -> Record | None:
        """The record at `at`; None where its quotes are not well-formed and it has to be strict."""
        cells: list[str] = []
        flaw: str | None = None
        quote, delimiter = self.dialect.quote, self.dialect.delimiter
        while True:
            if cells and self.dialect.skip_space:
                gap = GAP.match(text, at)
                at = gap.end() if gap else at
            if quote is not None and self._opening.match(text, at):
                found = (self._strict if strict else self._lenient).match(text, at)
                if found and found.end() - at <= LONGEST_OPEN:
                    cells.append(self._unescaped(found[1]))
                    at = found.end()
                elif strict:
                    return None
                else:
                    at, flaw = self._take_bare(text, at, cells), "stray_quote"
            else:
                at = self._take_bare(text, at, cells)
            if text.startswith(delimiter, at):
                at += self._step
            else:
                end = text.find("\n", at)
                return Record(cells, end if end >= 0 else len(text), flaw)

    def _take_bare(self, text: str, at: int, cells: list[str]) -> int:
        found = self._bare.match(text, at)
        assert found is not None, "the pattern also matches nothing"
        cell = found[0]
        if text.startswith("\n", found.end()) or found.end() == len(text):
            cell = cell.removesuffix("\r")
        cells.append(self._unescaped(cell) if self.dialect.escape else cell)
        return found.end()

    def _unescaped(self, cell: str) -> str:
        quote, escape = self.dialect.quote or "", self.dialect.escape
        if not escape:
            return cell.replace(quote + quote, quote)
        if escape not in cell:
            return cell
        signs = "".join(map(re.escape, (quote, escape, self.dialect.delimiter)))
        return re.sub(rf"{re.escape(escape)}([{signs}])", r"\1", cell)

    def _may_go_on(self, text: str, start: int) -> bool:
        """Whether strict reading fails only because the text ends inside quotes."""
        at, opening = start, self._opening
        while len(text) - at <= LONGEST_OPEN:
            if opening.match(text, at):
                found = self._strict.match(text, at)
                if not found:
                    return self._unclosed.match(text, at) is not None
                at = found.end()
            else:
                at = self._take_bare(text, at, [])
            if not text.startswith(self.dialect.delimiter, at):
                return False
            at += self._step
        return False
