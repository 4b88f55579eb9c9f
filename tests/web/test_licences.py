"""What is served in the browser comes with the licences of all that was put into it."""

import json
from pathlib import Path

from hatch_build import FILES, VENDOR

ROOT = Path(__file__).parents[2]
PRELUDE = "browser-pack"
"""Some lines that join modules, of a package whose licence (MIT) names no owner."""


def test_every_module_in_the_bundle_of_resumable_uploads_has_its_licence_beside_it() -> None:
    sources = json.loads((ROOT / "node_modules/tus-js-client/dist/tus.min.js.map").read_text())["sources"]
    modules = {each.split("/")[1] for each in sources if each.startswith("node_modules/")} - {PRELUDE}
    licences = {part.split("/")[0]: ROOT / "node_modules" / part for part in FILES["tus.LICENSE.txt"]}
    assert {"buffer", "url-parse"} <= modules <= licences.keys()
    served = (ROOT / VENDOR / "tus.LICENSE.txt").read_text()
    assert all(path.read_text() in served for path in licences.values())
