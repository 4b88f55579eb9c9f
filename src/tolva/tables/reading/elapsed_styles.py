"""Which styles of an XLSX show hours, minutes or seconds that go on beyond a day's, as `[h]:mm` does."""

import re

FORMAT = re.compile(r"<(?:\w+:)?numFmt\s[^<>]*>")
STYLES = re.compile(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
STYLE = re.compile(r"<(?:\w+:)?xf\b[^<>]*>")
NUMBER = re.compile(r"""\snumFmtId\s*=\s*["'](\d{1,9})["']""")
ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
QUOTED = re.compile(r"&quot;.*?&quot;")
BUILT_IN = "46"
"""`[h]:mm:ss`, which no file has to define."""


def elapsed_styles(sheet_styles: str) -> frozenset[int]:
    """The numbers, from 0, by which cells name such styles.

    >>> formats = '<numFmt numFmtId="164" formatCode="[hh]:mm"/><numFmt numFmtId="165" formatCode="[Red]0"/>'
    >>> styles = '<xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="46"/>'
    >>> sorted(elapsed_styles(f"{formats}<cellXfs>{styles}</cellXfs>"))
    [1, 3]
    """
    elapsed = {BUILT_IN}
    for found in FORMAT.findall(sheet_styles):
        if ELAPSED.search(QUOTED.sub("", found)):
            elapsed.update(NUMBER.findall(found))
    section = STYLES.search(sheet_styles)
    styles = STYLE.findall(section[0]) if section else []
    return frozenset(number for number, style in enumerate(styles) if elapsed & set(NUMBER.findall(style)))
