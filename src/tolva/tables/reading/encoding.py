"""In which encoding a text file is written, told from all of its bytes."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from tolva.errors import InvalidInput
from tolva.tables.reading.watch import Watch

BLOCK = 4 * 1024 * 1024
SAMPLE = 64 * 1024
"""Bytes of lines that are not ASCII, from all over the file, by which a legacy encoding is told."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks; the longer of two that begin alike comes first."""

MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

FEW = 20
"""Bytes beyond ASCII that are too few to tell a script by."""
OTHERS = [
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp866", "koi8_r", "iso8859_2"),
    *("iso8859_5", "iso8859_7", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
]
"""Legacy encodings of other languages that files are still written in."""
WESTERN = "áéíóúüñçãõâêôàÁÉÍÓÚÜÑÇÃÕÂÊÔÀ¿¡ºª€°²³«»–—’‘“”…·"
"""What Spanish, Portuguese and English files hold beyond ASCII."""
LEGACY = ("cp1252", "cp850", "mac-roman")
"""Encodings of Western Europe and Latin America, the most frequent first: Windows, DOS, old Macs."""
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Encoding:
    """A Python codec, and the bytes of the byte order mark that the file begins with."""

    name: str
    mark: int = 0


def detect_encoding(path: Path, watch: Watch) -> Encoding:
    """The encoding of a text file. What is UTF-8 but for some damaged bytes is UTF-8.

    Reads the whole file, in blocks: the first accent may stand in the last line.
    """
    with path.open("rb") as file:
        head = file.read(BLOCK)
    if marked := _marked(head):
        return marked
    if wide := _wide(head):
        return Encoding(wide)
    return Encoding("utf-8" if _is_utf8(path, watch) else _least_damaged(path, watch))


def _marked(head: bytes) -> Encoding | None:
    """What a byte order mark says, if there is one."""
    return next((Encoding(name, len(mark)) for mark, name in MARKS if head.startswith(mark)), None)


def _is_utf8(path: Path, watch: Watch) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                watch()
                decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _least_damaged(path: Path, watch: Watch) -> str:
    """UTF-8 where most of the bytes beyond ASCII are; a legacy encoding hardly ever looks like it by accident."""
    valid = damaged = 0
    sample = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            watch()
            lines = (line for line in block[: 4 * SAMPLE].split(b"\n") if not line.isascii())
            sample += b"\n".join(lines)[: SAMPLE - len(sample)]
            multibyte = sum(map(len, MULTIBYTE.findall(block)))
            valid += multibyte
            damaged += _high_bytes(block) - multibyte
    return "utf-8" if damaged <= valid else _legacy(sample)


def codec_of(name: str) -> codecs.CodecInfo:
    """What reads an encoding that a user named. Raises InvalidInput."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):  # of a name that holds a NUL
        codec = None
    if codec is None or not codec._is_text_encoding:
        raise InvalidInput(
            f"There is no encoding '{name}'. Write it as utf-8, cp1252, latin-1 or utf-16, for instance."
        )
    return codec


def known_encoding(name: str, path: Path) -> Encoding:
    """The encoding that a user named, with the byte order mark that the file has. Raises InvalidInput.

    Where neither name nor mark tells the order of bytes, the low one comes first, as on Windows.
    """
    codec = codec_of(name)
    with path.open("rb") as file:
        head = file.read(4)
    marked = _marked(head)
    if marked and marked.name.startswith(codec.name):
        return marked
    return Encoding(f"{codec.name}-le" if codec.name in ("utf-16", "utf-32") else codec.name)


def _high_bytes(block: bytes) -> int:
    return len(block) - len(block.translate(None, bytes(range(0x80, 0x100))))


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: text in Latin letters then has a zero in every other byte.

    >>> _wide("código;precio".encode("utf-16-be"))
    'utf-16-be'
    """
    even, odd = head[:SAMPLE:2], head[1:SAMPLE:2]
    if len(odd) < 2:
        return None
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _legacy(sample: bytes) -> str:
    """The encoding in which the sample reads as Western text; else what fits its letters best.

    >>> [_legacy("Año;Descripción;São Paulo".encode(name)) for name in ("cp1252", "cp850", "mac-roman")]
    ['cp1252', 'cp850', 'mac-roman']
    """
    best = max(LEGACY, key=lambda name: _western(sample, name))
    if _western(sample, best) > 0.9 or _high_bytes(sample) < FEW:
        return best
    found = from_bytes(sample, cp_isolation=OTHERS).best()
    return found.encoding if found is not None else "cp1252"


def _western(sample: bytes, name: str) -> float:
    """Share of the characters beyond ASCII that Western text would have."""
    text = sample.decode(name, "replace")
    high = [letter for letter in text if letter > "\x7f"]
    strange = sum(letter not in WESTERN for letter in high) + len(CONTROL.findall(text))
    return 1 - strange / max(len(high), 1)
