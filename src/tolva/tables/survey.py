"""A first pass over a file: how many rows, which of them repeat a key, and how numbers and dates are written."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from tolva.tables.key_only import KeyOnly
from tolva.tables.locale import Signs
from tolva.tables.notation import ROWS, decided, no_clues, sampled, texts_of
from tolva.tables.parse import value_of
from tolva.tables.plain import plain
from tolva.tables.proposal import ColumnMapping
from tolva.tables.reading.source import Frame, Source
from tolva.tables.reading.watch import Watch, unwatched
from tolva.tables.repeats import NO_REPEATS, Groups, repeats_of, unique_groups
from tolva.tables.schema import Schema

SEED = 7
NAMED = 100
"""Of so many rows that repeat a key it is told which row they overwrite."""


@dataclass(frozen=True)
class Survey:
    """What a first pass found."""

    total: int
    """Data rows."""
    repeated: pl.Series
    """Numbers of the rows (UInt32, ascending) whose key already appeared above them."""
    signs: Mapping[str, Signs]
    """By field, how its column writes numbers and dates."""
    repeats: pl.DataFrame = field(default_factory=NO_REPEATS.clone)
    """The rows that repeat a unique value of another key (REPEATS), by group and row."""
    alike: frozenset[int] = frozenset()
    """Numbers of the first `NAMED` of these rows, and of the rows above that have the same keys."""
    undecided: tuple[str, ...] = ()
    """Fields some of whose cells mean two things, with nothing to tell which."""
    key_only: str | None = None
    """A sentence for the user about rows that give nothing but their key."""

    def repeated_in(self, rows: pl.Series) -> int:
        """How many of these row numbers repeat a key."""
        return int(rows.cast(pl.UInt32).is_in(self.repeated.implode()).sum())


def survey(source: Source, mapping: ColumnMapping, schema: Schema, watch: Watch = unwatched) -> Survey:
    """Counts rows, finds repeated keys as `check` reads them, and how columns write numbers and dates.

    A row whose key is blank or wrong repeats nothing. Keeps 12 bytes per row: its number and a 64-bit hash of its key;
    and 8 more for each unique field. Two values of ten million share a hash with a probability of some three in a
    million; the worst of it is one wrong count of `duplicados`, or a row refused that shows why it should not be.
    """
    clues, key_only = no_clues(mapping, schema), KeyOnly.of(mapping, schema)
    groups = (schema.file_key, *unique_groups(mapping, schema))
    read_again = {name for group in groups for name in group} & set(clues)
    hashes: list[pl.DataFrame] = []
    for frame in source.frames(None, ROWS):
        watch()
        clues = sampled(clues, frame, mapping, schema)
        key_only = key_only and key_only.after(frame, schema)
        if not read_again:
            hashes.append(_hashes(frame, mapping, schema, groups, {}))
    written = decided(clues, source, mapping, schema, watch)
    signs = {name: found.signs for name, found in written.items()}
    undecided = tuple(name for name, found in written.items() if found.undecided)
    if read_again:  # only now it is known what the numbers or dates of the key are
        for frame in source.frames(None, ROWS):
            watch()
            hashes.append(_hashes(frame, mapping, schema, groups, signs))
    if not hashes:
        return Survey(0, pl.Series("row", [], dtype=pl.UInt32), signs, undecided=undecided)
    keys = pl.concat(hashes, rechunk=True)
    again = keys["h0"].is_not_null() & keys["h0"].is_first_distinct().not_()
    note = key_only and key_only.note(keys.height)
    repeated = keys["row"].filter(again)
    alike = _alike(keys, repeated.head(NAMED))
    return Survey(keys.height, repeated, signs, repeats_of(keys, groups), alike, undecided, note)


def _alike(keys: pl.DataFrame, repeated: pl.Series) -> frozenset[int]:
    """The numbers of these rows, and of those above that have the same keys."""
    if repeated.is_empty():
        return frozenset()
    theirs = keys.filter(pl.col("row").is_in(repeated.implode()))["h0"]
    return frozenset(keys.filter(pl.col("h0").is_in(theirs.implode()) & (pl.col("row") <= repeated.max()))["row"])


def _hashes(
    frame: Frame, mapping: ColumnMapping, schema: Schema, groups: Groups, signs: Mapping[str, Signs]
) -> pl.DataFrame:
    """`row`, and for each group of fields the hash of its values (`h0`, …); null where one of them is none."""
    fields = [schema.field(name) for name in dict.fromkeys(name for group in groups for name in group)]
    cells = [(texts_of(frame, mapping, schema, f.name), f, signs.get(f.name, Signs())) for f in fields]
    forms = pl.DataFrame([plain(*each, frame.rows["row"]) for each in cells])
    parts = [value_of(pl.col(field.name), field, schema).cast(pl.String).alias(field.name) for field in fields]
    rows = frame.rows.select("flaw", pl.col("row").cast(pl.UInt32)).with_columns(forms.select(parts))
    return rows.select("row", *(_hash(group).alias(f"h{number}") for number, group in enumerate(groups)))


def _hash(group: tuple[str, ...]) -> pl.Expr:
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in group) & pl.col("flaw").is_null()
    return pl.when(whole).then(pl.struct(group).hash(SEED))
