"""What the code says in its one language can be read on pages in every one."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.pages.spoken import GAP, sources, spoken, texts
from tolva import app
from tolva.tables.document import builtin_schema
from tolva.web.pages import recognition
from tolva.web.pages.languages import LANGUAGES
from tolva.web.pages.recognition import MOST_PIECES, Recognition
from tolva.web.pages.sentence import PLACE, Sentence
from tolva.web.pages.sentences import LONGEST, Sentences, known_sentences
from tolva.workloads.intake.pages.field_titles import with_titles

KNOWN = known_sentences(app.make_shell().packages)
SENTENCES = {language: Sentences(language, KNOWN) for language in LANGUAGES}
BY_THEMSELVES = [replace(sentence, kind="") for sentence in KNOWN]
ANY_PART = [Sentence(GAP, {}, kind) for kind in {sentence.kind for sentence in KNOWN} - {""}]
ANYWHERE = Sentences("en", [*BY_THEMSELVES, *ANY_PART])
"""Knows parts when they are alone, as the source has them, and takes a gap for any of them."""


def recognised(text: str) -> bool:
    """Whether pages know it. A gap after its end stands for further sentences, or none; so does one before it."""
    alone = re.sub(rf"(?<=[.?!;]) ?{GAP}|^{GAP} (?=[A-Z])", "", text)
    return any(ANYWHERE.read(each) is not None for each in (text, text.strip(), alone.strip(" ;")))


def test_every_sentence_of_the_source_is_known_to_pages() -> None:
    unknown = [f"{where} {text}" for where, text in spoken() if not recognised(text)]
    assert not unknown, "add them to locales/sentences/*.po of a package, or their place to OTHERS"


def test_no_known_sentence_has_left_the_source() -> None:
    said = [text for path in sources() for _, text in texts(ast.parse(path.read_text("utf-8")))]
    gone = [each.text for each in KNOWN if not any(_own_words(each.text) in text for text in said)]
    assert not gone, "take them out of locales/sentences/*.po"


@pytest.mark.parametrize("sentence", KNOWN, ids=lambda each: each.text)
def test_a_sentence_has_a_translation_into_all_languages_but_its_own(sentence: Sentence) -> None:
    places = sorted(PLACE.findall(sentence.text))
    assert len(sentence.translations) == len(LANGUAGES) - 1
    assert all(sorted(PLACE.findall(told)) == places for told in sentence.translations.values())
    assert len(set(places)) == len(places), "the values of one name would have to be the same"


def _own_words(text: str) -> str:
    return max(PLACE.split(text)[::2], key=len).strip(" :")


@pytest.mark.parametrize(
    ("said", "in_english"),
    [
        ('precio: "5" x" no es un número', 'precio: “5" x” is not a number'),
        ('nota: "vacío" tiene más de 3 caracteres', "nota: “vacío” has more than 3 characters"),
        (
            'medida: "a; b" no es uno de: x, y; precio: "1,2,3" es ambiguo; escríbalo como 1234,5, sin separar miles',
            "medida: “a; b” is none of: x, y; "
            "precio: “1,2,3” is ambiguous; write it as 1234,5, without a sign for thousands",
        ),
        (
            'Faltan columnas obligatorias: precio (encabezados aceptados: Precio, P. venta …); nombre (¿es "Nom. a"?).'
            ' Encabezados leídos (hoja "Ventas. 1", fila 3): SKU, –, Cant. total.'
            ' Se lee la hoja "Ventas. 1"; el libro tiene además: Notas.',
            "Required columns are missing: precio (headers that are taken: Precio, P. venta …); "
            "nombre (is it “Nom. a”?). Headers that were read (sheet “Ventas. 1”, row 3): SKU, –, Cant. total. "
            "The sheet “Ventas. 1” is read; the workbook also has: Notas.",
        ),
        (
            "Varias columnas corresponden al mismo campo; deje solo una de ellas. "
            'codigo: "Cód." (columna 1), "SKU" (columna 6). Faltan columnas obligatorias: nombre (¿es "Nom. a"?)',
            "Several columns fit the same field; leave only one of them. "
            "codigo: “Cód.” (column 1), “SKU” (column 6). Required columns are missing: nombre (is it “Nom. a”?)",
        ),
        (
            "Faltan columnas obligatorias: a (encabezados aceptados: A, AA …); b (encabezados aceptados: B (días));"
            " c (encabezados aceptados: C, CC …)",
            "Required columns are missing: a (headers that are taken: A, AA …); b (headers that are taken: B (días));"
            " c (headers that are taken: C, CC …)",
        ),
        (
            'Hay valores que pueden leerse de dos maneras en "P; 1", "Stock", y nada indica de cuál; esas filas se'
            " rechazan. Escríbalos sin ambigüedad o diga cómo se entienden: 1.234,56 y 31/12/2026, como en Colombia"
            " (locale es-CO), por ejemplo.",
            "Values of “P; 1”, “Stock” can be read in two ways, and nothing tells which; those rows are refused. Write"
            " them without ambiguity, or say how they are meant: 1.234,56 and 31/12/2026, as in Colombia (locale"
            " es-CO), for instance.",
        ),
        (
            'El punto separa miles en "Cant. en bodega": son números enteros, y 1.234 se lee como 1234.',
            "The point separates thousands in “Cant. en bodega”: they are integers, and 1.234 is read as 1234.",
        ),
        (
            'Los números y las fechas de "Stock", "Vcto." se leen como se dijo de un archivo anterior (locale es-CO).',
            "The numbers and dates of “Stock”, “Vcto.” are read as was said of an earlier file (locale es-CO).",
        ),
        (
            'La coma separa miles en "Stock": son números enteros, y 1,234 se lee como 1234.'
            " Así se ve en las primeras 100000 filas; las demás pueden indicar otra cosa.",
            "The comma separates thousands in “Stock”: they are integers, and 1,234 is read as 1234."
            " So it is in the first 100000 rows; the others may show something else.",
        ),
        (
            "Un archivo XLSX no usa la codificación, el separador; lo indicado no se tuvo en cuenta.",
            "XLSX files have no use for the encoding, the separator; what was given there had no effect.",
        ),
        ("A1: la fila ya no existe", "A1: the row is not there any more"),
        (
            'A1 (fila 7 del archivo): es "3" ahora; la carga dejó vacío',
            "A1 (row 7 of the file): is “3” now; the load had left empty",
        ),
    ],
)
def test_what_is_said_of_a_file_is_read_in_english_and_unchanged_in_spanish(said: str, in_english: str) -> None:
    assert SENTENCES["en"].translated(said) == in_english
    assert SENTENCES["es"].translated(said) == said


LEFT_OVER = 'Faltan columnas obligatorias: codigo (encabezados aceptados: Código, SKU …); nombre (¿es "Nom. a"?)'


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('precio: "x; codigo: "y" no es un número', 'Precio: "x; codigo: "y" no es un número'),
        ("Campos obligatorios vacíos: codigo, nombre", "Campos obligatorios vacíos: Código, Nombre"),
        (
            f'{LEFT_OVER}. Encabezados leídos (hoja "precio: 1", fila 3): precio, –.',
            f"{LEFT_OVER.replace(': codigo', ': Código').replace('; nombre', '; Nombre')}."
            ' Encabezados leídos (hoja "precio: 1", fila 3): precio, –.',
        ),
        (
            "Varias columnas corresponden al mismo campo; deje solo una de ellas. "
            'codigo: "Cód." (columna 1), "precio; nombre: " (columna 28); precio: "P" (columna 2), "Q" (columna 3)',
            "Varias columnas corresponden al mismo campo; deje solo una de ellas. "
            'Código: "Cód." (columna A), "precio; nombre: " (columna AB); Precio: "P" (columna B), "Q" (columna C)',
        ),
        ("codigo: nobody's words", "codigo: nobody's words"),
    ],
)
def test_fields_are_called_by_their_titles_and_what_is_of_the_file_stays_as_it_is(said: str, told: str) -> None:
    assert with_titles(said, builtin_schema("products")) == told


def test_what_nobody_wrote_into_the_catalogue_is_shown_as_it_is_and_as_of_no_known_language() -> None:
    assert SENTENCES["es"].translated("<b>Boom</b>") == '<span lang="">&lt;b&gt;Boom&lt;/b&gt;</span>'


def test_a_translation_is_shortened_after_it_was_found() -> None:
    assert SENTENCES["es"].translated("The worker process was frozen.", 20) == "El proceso de traba…"


@pytest.mark.parametrize(
    ("said", "in_english"),
    [
        ('estado: "x" no es uno de: pending, completed', "estado: “x” is none of: pending, completed"),
        ('estado: "x" no es uno de: a, es demasiado grande', "estado: “x” is none of: a, es demasiado grande"),
        ('admin: es "completed" ahora; la carga dejó vacío', "admin: is “completed” now; the load had left empty"),
        ("admin: la fila ya no existe", "admin: the row is not there any more"),
        ("Encabezados leídos: vacío, admin, completed.", "Headers that were read: vacío, admin, completed."),
        ("Encabezados leídos (fila 2): ninguno.", "Headers that were read (row 2): none."),
    ],
)
def test_words_of_somebody_else_that_are_ours_in_another_place_stay_as_they_are(said: str, in_english: str) -> None:
    assert SENTENCES["en"].translated(said) == in_english


def test_a_key_of_an_undo_and_headers_stay_as_they_are_in_other_languages() -> None:
    assert SENTENCES["pt"].translated("admin: la fila ya no existe") == "admin: a linha não existe mais"
    assert SENTENCES["pt"].translated("Encabezados leídos: admin, failed.") == "Cabeçalhos lidos: admin, failed."


def test_names_of_those_who_act_are_told_only_where_one_acts() -> None:
    assert [SENTENCES["es"].who(name) for name in ("this machine", "ana, command line", "admin", "failed")] == [
        "esta máquina",
        "ana, línea de comandos",
        "admin",
        "failed",
    ]
    assert SENTENCES["es"].read("this machine") is None


MOST_LOOKS = 70_000
"""A tenth of a second."""


def looks_at(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a text, or some of it, is laid beside a sentence, or read as one."""
    looks = 0

    def counted(method: Callable[[Sentence, str], object]) -> Callable[[Sentence, str], object]:
        def call(sentence: Sentence, text: str) -> object:
            nonlocal looks
            looks += 1
            return method(sentence, text)

        return call

    for name in ("may_be", "readings"):
        monkeypatch.setattr(Sentence, name, counted(getattr(Sentence, name)))
    SENTENCES["en"].translated(text)
    return looks


PIECES = ("vacío, ", ";; ", 'x: "', '"a" (columna #); ', "There is no job #. ", "a, ", ". ", ".", "; ", ", ", "? ")
NESTED = ('x#: "" a; ', 'x: "y" es un; ', "Destination '#': ", "a# (encabezados aceptados: b, c); ", "a#, b; c. ")
BEGINNINGS = ("", "Faltan columnas obligatorias: ", "Encabezados leídos (", "Destination 'x': ")


def many(piece: str, beginning: str = "") -> str:
    """As many pieces as a text may have, # in each its number."""
    return (beginning + "".join(piece.replace("#", str(number)) for number in range(LONGEST)))[:LONGEST]


@pytest.mark.parametrize("piece", [*PIECES, *NESTED])
def test_a_text_of_many_pieces_is_looked_at_in_bounds(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [looks_at(many(piece, beginning), monkeypatch) for beginning in BEGINNINGS]
    assert max(looks) < MOST_LOOKS


def test_values_and_cuts_that_hold_each_other_are_looked_at_in_bounds() -> None:
    missing = "".join(f"c{number} (encabezados aceptados: a, b); " for number in range(38))
    look = Recognition(SENTENCES["en"].by_first, "en")
    assert look.read(many("Col. #, ", f"Faltan columnas obligatorias: {missing}. ")) is None
    assert len(look.pieces) <= MOST_PIECES


def test_where_a_look_comes_to_its_bounds_nothing_is_half_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "MOST_PIECES", 2)
    assert SENTENCES["es"].read("Destination 'x': PostgreSQL: busy") is None


def test_stops_at_the_end_of_a_text_are_no_steps_down() -> None:
    assert SENTENCES["en"].read(f'El archivo no tiene la columna "{"." * 1000}".') is not None
    assert SENTENCES["en"].read("El archivo está vacío." + "." * 1000) is None
