"""Commands in a sentence: between backticks in the words of errors, as code on a page."""

import re

from markupsafe import Markup, escape

COMMAND = re.compile(r"`([^`]+)`")


def coded(text: str) -> Markup:
    """The sentence, escaped, with its commands as code.

    >>> coded("Run `tolva migrate` <first>.")
    Markup('Run <code>tolva migrate</code> &lt;first&gt;.')
    """
    return Markup(COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704
