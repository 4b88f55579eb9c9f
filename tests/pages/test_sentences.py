"""What the code says in its one language can be read on pages in every one."""

import ast
import re
from dataclasses import replace

import pytest

from tests.pages.spoken import GAP, sources, spoken, texts
from tolva import app
from tolva.web.pages.languages import LANGUAGES
from tolva.web.pages.sentence import PLACE, Sentence
from tolva.web.pages.sentences import LONGEST, Sentences, known_sentences

KNOWN = known_sentences(app.make_shell().packages)
SENTENCES = {language: Sentences(language, KNOWN) for language in LANGUAGES}
BY_THEMSELVES = [replace(sentence, part=False) for sentence in KNOWN]
ANY_PART = Sentence(GAP, {}, part=True)
ANYWHERE = Sentences("en", [*BY_THEMSELVES, ANY_PART])
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
            "Faltan columnas obligatorias: a (encabezados aceptados: A, AA …); b (encabezados aceptados: B (días));"
            " c (encabezados aceptados: C, CC …)",
            "Required columns are missing: a (headers that are taken: A, AA …); b (headers that are taken: B (días));"
            " c (headers that are taken: C, CC …)",
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


def test_what_nobody_wrote_into_the_catalogue_is_shown_as_it_is_and_as_of_no_known_language() -> None:
    assert SENTENCES["es"].translated("<b>Boom</b>") == '<span lang="">&lt;b&gt;Boom&lt;/b&gt;</span>'


def test_a_translation_is_shortened_after_it_was_found() -> None:
    assert SENTENCES["es"].translated("The worker process was frozen.", 20) == "El proceso de traba…"


@pytest.mark.parametrize("piece", ["vacío, ", ";; ", 'x: "', '"a" (columna 1); ', "There is no job x. ", "a, ", ". "])
def test_a_text_of_many_pieces_is_looked_at_in_bounds(piece: str) -> None:
    long = f"Faltan columnas obligatorias: {piece * LONGEST}"[:LONGEST]
    assert SENTENCES["en"].translated(long)
    assert SENTENCES["en"].translated(piece * (LONGEST // len(piece)))
