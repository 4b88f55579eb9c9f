"""Headers to fields. What is ambiguous is asked, never guessed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from difflib import SequenceMatcher

from tolva.errors import Unanswered
from tolva.tables.column_choices import NOTHING, Choices, resolve
from tolva.tables.column_refs import position_ref
from tolva.tables.fold import bare, fold
from tolva.tables.own_columns import is_own
from tolva.tables.proposal import SURE, ColumnMapping, How, Match, Proposal
from tolva.tables.schema import Field, Schema

CONFIDENCE: dict[How, float] = {"chosen": 1.0, "exact": 1.0, "alias": 0.95, "normalised": 0.9, "abbreviated": 0.85}
"""Of a fuzzy match it is how alike the two are, from 0 to 1, times that of a normalised one."""
ALIKE = 0.75
"""How alike a header and a name must be for the field to be proposed."""


def known_names(schema: Schema) -> frozenset[str]:
    """The folded names by which a header can call the schema's fields."""
    return frozenset(filter(None, (fold(name) for field in schema.file_fields for name in _names(field))))


def match_headers(headers: Sequence[str], schema: Schema, chosen: Choices = NOTHING) -> ColumnMapping:
    """Maps a file's headers to the schema's fields, as far as that is sure.

    Raises Unanswered when there are no headers, two columns claim one field, or a required one has none.
    """
    proposal = propose_mapping(headers, schema, chosen)
    if proposal.problem:
        raise Unanswered(proposal.problem, [question.to_json() for question in proposal.questions])
    return proposal.sure


def propose_mapping(headers: Sequence[str], schema: Schema, chosen: Choices = NOTHING) -> Proposal:
    """What each header may mean, unsure matches included. Raises InvalidInput when what was chosen is not there."""
    headers = tuple(header.strip() for header in headers)
    answers = resolve(headers, schema, chosen)
    claims = [match for column, header in enumerate(headers) for match in _claims(column, header, schema, answers)]
    claims.sort(key=lambda match: -match.confidence)
    best: dict[str, list[Match]] = {}
    taken = set[int]()
    for match in claims:  # the surest first: what is left over is for weaker claims
        owners = best.setdefault(match.field, [])
        if match.column not in taken and (not owners or match.how != "fuzzy"):
            owners.append(match)
            taken.add(match.column)
    found = [best[field.name] for field in schema.file_fields if best.get(field.name)]
    sure = {owners[0].field for owners in found if owners[0].confidence >= SURE}
    return Proposal(
        headers=headers,
        matches=tuple(owners[0] for owners in found),
        rivals=tuple(tuple(owners) for owners in found if len(owners) > 1),
        missing=tuple(field for field in schema.file_fields if field.required and field.name not in sure),
        ignored=tuple(_left_out(headers, taken)),
        required=frozenset(field.name for field in schema.file_fields if field.required),
    )


def _left_out(headers: Sequence[str], taken: Set[int]) -> Iterator[str]:
    """Headers of the columns that feed nothing, with their place where another one has it too."""
    for column, header in enumerate(headers):
        if column not in taken and not is_own(header) and (header or not any(headers)):
            place = position_ref(column)
            yield f"{header} ({place})" if headers.count(header) > 1 and header else header or place


def _claims(column: int, header: str, schema: Schema, answers: Mapping[int, str | None]) -> list[Match]:
    """What a header may mean: one field, or those that it is merely like."""
    if column in answers:
        field = answers[column]
        name = header or position_ref(column)
        return [] if field is None else [Match(field, column, name, "chosen", CONFIDENCE["chosen"])]
    free = [field for field in schema.file_fields if field.name not in answers.values()]
    called = fields_called(header, free)
    if len(called) > 1:
        return [Match(name, column, header, "fuzzy", ALIKE) for name in called]
    if called:
        return [Match(name, column, header, how, CONFIDENCE[how]) for name, how in called.items()]
    likeness = [(field.name, _likeness(header, field)) for field in free]
    return [
        Match(name, column, header, "fuzzy", round(alike * CONFIDENCE["normalised"], 2))
        for name, alike in likeness
        if alike >= ALIKE
    ]


def fields_called(header: str, fields: Iterable[Field]) -> dict[str, How]:
    """The fields that most surely have this name, and how; several where it shortens the names of several."""
    hows: dict[str, How] = {field.name: how for field in fields if (how := _how(header, field))}
    surest = max((CONFIDENCE[how] for how in hows.values()), default=0.0)
    return {name: how for name, how in hows.items() if CONFIDENCE[how] == surest}


def _names(field: Field) -> tuple[str, ...]:
    return (field.name, field.title, *field.aliases)


def _how(header: str, field: Field) -> How | None:
    plain, names = bare(header), _names(field)
    if header in (field.name, field.title) or (plain and plain == bare(field.title)):
        return "exact"
    if header in field.aliases:
        return "alias"
    if plain and plain in map(bare, names):
        return "normalised"
    return "abbreviated" if plain and fold(header) in map(fold, names) else None


def _likeness(header: str, field: Field) -> float:
    folded = fold(header)
    matchers = [SequenceMatcher(None, folded, fold(name)) for name in _names(field)] if folded else []
    # `ratio` is dear; the other two are never below it.
    likely = [m for m in matchers if m.real_quick_ratio() >= ALIKE and m.quick_ratio() >= ALIKE]
    return max((matcher.ratio() for matcher in likely), default=0.0)
