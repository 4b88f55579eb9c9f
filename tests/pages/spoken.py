"""The sentences that stand in the source: what errors are given, and whatever else looks like one."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import tolva
from tolva import errors

SOURCE = Path(tolva.__file__).parent
ROOMS = ("core", "db/faults.py", "db/pool.py", "connectors", "errors.py", "jobs", "tables", "web", "workloads")
"""Where a page has its texts from."""
GAP = "§"
"""Stands for a value."""
OTHERS = {
    "those who write workloads": ("jobs/context.py", "jobs/meter.py", "jobs/payload.py", "jobs/reported.py"),
    "those who write schemas": (
        *(f"tables/{name}.py" for name in ("coherence", "document", "entries", "keys", "pattern", "rights", "target")),
        *(f"tables/{name}.py" for name in ("schema", "template", "propose")),
        "fields[",
    ),
    "those who run it": (
        "core/extras.py",
        "web/server/listener.py",
        f"{GAP} does not answer (",
        "jobs/hosted.py",
        "jobs/listening.py",
        "connectors/sqs_mail.py",
        "Events that no delivery could be made of.",
        "Nobody beats for this process",
    ),
    "programs, and those who write them": (
        *(
            f"web/{name}"
            for name in ("api/", "live/", "openapi.py", "metrics.py", "health.py", "ready.py", "middleware/meter.py")
        ),
        *(
            "web/access/asking.py",
            "web/download.py",
            "web/etag.py",
            "web/located.py",
            "web/parameters.py",
            "jobs/listing.py",
            "jobs/queue_states.py",
        ),
        *("workloads/catalog/", "workloads/intake/resumable/", "_answer.py", "_answers.py", "_api.py", "/api.py"),
        *(f"workloads/intake/{name}.py" for name in ("annotated", "export", "faulty_rows", "upload_parameters")),
        *(
            "Responda con ",
            "Responda, por ejemplo, con ",
            "(Campos obligatorios vacíos: )",
            "Para leer otra hoja, envíe ",
            "There is no such address.",
            "This address takes no such method.",
        ),
    ),
}
"""Who else is spoken to, in one language: where, or how it begins."""
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
NOT_SAID = {"Field", "Query", "Header", "debug", "info", "warning", "error", "exception", "RuntimeError", "ValueError"}
"""Calls whose texts are documentation or for the log."""
SENTENCE = re.compile(
    r"(?!.*[|*])(?:[A-Z'¿§].* .*[.?]|.* .*[áéíóúñ¿].*|.*\b(?:fila|no es|es|hoja|de la)\b .*)", re.DOTALL
)
"""What begins and ends like one, or looks Spanish; no patterns."""


def spoken() -> Iterator[tuple[str, str]]:
    """Where a sentence stands, and the sentence with gaps for values."""
    others = tuple(other for each in OTHERS.values() for other in each)
    for path in sources():
        where = path.relative_to(SOURCE).as_posix()
        if not any(other in where for other in others):
            said = _said_in(ast.parse(path.read_text("utf-8")))
            yield from ((f"{where}:{line}", text) for line, text in said if not text.startswith(others))


def sources() -> list[Path]:
    """The files of the rooms."""
    places = [SOURCE / room for room in ROOMS]
    return [path for place in places for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]


def texts(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Every text that is no documentation and not for the log, with gaps for values."""
    passed_over: set[ast.AST] = set()
    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or (isinstance(node, ast.Call) and _called(node) in NOT_SAID):
            passed_over.update(ast.walk(node))
        elif isinstance(node, ast.JoinedStr | ast.Constant) and node not in passed_over:
            passed_over.update(ast.walk(node))
            yield from ((node, text) for text in _texts(node))


def _said_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in ERRORS]
    given = {call.args[0] for call in calls if call.args}
    for node, text in texts(tree):
        if node in given or SENTENCE.fullmatch(text):
            yield node.lineno, text


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _texts(node: ast.expr) -> list[str]:
    """All that it may come to: a choice of two texts is both."""
    match node:
        case ast.Constant(value=str(text)):
            return [text.replace("{}", GAP)]
        case ast.JoinedStr(values=parts):
            return ["".join(each) for each in product(*map(_texts, parts))]
        case ast.FormattedValue(value=ast.IfExp(body=one, orelse=other)):
            return [*(_texts(one) or [GAP]), *(_texts(other) or [GAP])]
        case ast.FormattedValue():
            return [GAP]
        case _:
            return []
