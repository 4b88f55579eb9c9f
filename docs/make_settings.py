"""Writes docs/settings.md from settings.py. Run by `make schema`; tests/cli/test_settings_page.py holds the page."""

from pathlib import Path

from tolva.cli.variables import Variable, variables

PAGE = Path(__file__).with_name("settings.md")

HEAD = """\
# Settings

Written from `src/tolva/settings.py` by `make schema`; do not edit it here.

Every setting is an environment variable, read once at the start. The command line's options (`--data-dir`, `--host`,
`--port`, `--processes`) win over it. An empty environment is a working one. `tolva doctor` finds what is wrong or
misspelt. Where a setting has several names, the first one that is set counts.

| variable | default | what it is |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(map(_line, variables()))


def _line(variable: Variable) -> str:
    names = " or ".join(f"`{name}`" for name in variable.names)
    default = variable.default if " " in variable.default or variable.default == "none" else f"`{variable.default}`"
    limits = f" *{variable.kind}{', ' * bool(variable.limits)}{variable.limits}*".replace("|", "\\|")
    meaning = " ".join(variable.meaning.split())  # a line break would end the row
    return f"| {names} | {default} | {meaning}{limits} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
