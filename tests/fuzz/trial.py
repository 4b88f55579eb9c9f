"""One case through reader and mapper, as `load`, `inspect` and `read` go through a file."""

from itertools import pairwise
from pathlib import Path

from tests.fuzz.cases import Case
from tolva.errors import CallerError
from tolva.tables.check import check
from tolva.tables.clean import clean_csv
from tolva.tables.document import load_schema
from tolva.tables.map import known_names, match_headers
from tolva.tables.reading import open_source
from tolva.tables.reading.sniff import HEAD, guess
from tolva.tables.survey import survey
from tolva.workloads.intake.preview import describe

KEY = {"required": True, "maxLength": 60}
SCHEMA = load_schema(
    {
        "target": "fuzzed",
        "primaryKey": ["codigo"],
        "missingValues": ["", "#N/A"],
        "fields": [
            {"name": "codigo", "type": "string", "constraints": KEY, "transforms": ["collapse_spaces"]},
            {"name": "nombre", "type": "string", "transforms": ["upper"], "constraints": {"pattern": "[^=].*"}},
            {"name": "precio", "type": "decimal", "precision": 14, "scale": 4, "transforms": ["strip_currency"]},
            {"name": "stock", "type": "integer", "constraints": {"minimum": 0}},
            {"name": "fecha", "type": "date"},
            {"name": "visto", "type": "datetime"},
            {"name": "activo", "type": "boolean"},
        ],
    }
)
"""One field of each kind; its only required column is often there."""


def attempt(case: Case, scratch: Path) -> str:
    """What became of the case, in a word. Raises whatever is not a refusal that tells the user what to do."""
    path = scratch / "stored"
    path.write_bytes(case.content)
    folder = scratch / "work"
    folder.mkdir()
    try:
        kind = guess(path.read_bytes()[:HEAD], case.name)
        source = open_source(path, kind, folder, name=case.name, known=known_names(SCHEMA), options=case.options)
    except CallerError as refusal:
        assert str(refusal), "a refusal says why"
        return "refused"
    for text in clean_csv(source):
        text.encode()
    describe(source, SCHEMA, {})
    try:
        mapping = match_headers(source.headers, SCHEMA)
    except CallerError as refusal:
        assert str(refusal), "a refusal says why"
        return "asked"
    found = survey(source, mapping, SCHEMA)
    seen = [-1]
    for frame in source.frames(None, _frame_rows(case)):
        checked = check(frame, mapping, SCHEMA, found.signs)
        good, bad, rows = (part["row"].to_list() for part in (checked.good, checked.errors, frame.rows))
        assert sorted({*good, *bad}) == rows, "each row is good or told"
        assert set(good).isdisjoint(bad), "and not both"
        assert all(now > before for before, now in pairwise([*seen[-1:], *rows])), "rows come in order"
        seen += rows
    assert len(seen) - 1 == found.total, "both passes see the same rows"
    return "read"


def _frame_rows(case: Case) -> int:
    """Rows of a frame: few, so that even a small file has several, but not thousands."""
    return 1 + len(case.content) % 97 + len(case.content) // 1000
