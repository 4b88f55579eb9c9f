"""Text in any encoding to UTF-8."""

import codecs
from pathlib import Path

from tolva.errors import UnreadableFile
from tolva.tables.reading.encoding import Encoding
from tolva.tables.reading.watch import Watch

BLOCK = 4 * 1024 * 1024


def to_utf8(path: Path, encoding: Encoding, scratch: Path, watch: Watch) -> Path:
    """The file itself when it is UTF-8, else a copy in `scratch` that is. Bytes that mean nothing become U+FFFD.

    Raises UnreadableFile where the encoding knows no such replacement, as those of host names do.
    """
    if encoding.name in ("utf-8", "ascii"):
        return path
    decoder = codecs.getincrementaldecoder(encoding.name)("replace")
    copy = scratch / "utf-8"
    try:
        with path.open("rb") as file, copy.open("wb") as out:
            file.seek(encoding.mark)
            while block := file.read(BLOCK):
                watch()
                out.write(decoder.decode(block).encode("utf-8", "replace"))
            out.write(decoder.decode(b"", final=True).encode("utf-8", "replace"))
    except UnicodeError as error:
        raise UnreadableFile(f"El archivo no se puede leer con la codificación {encoding.name}.") from error
    return copy
