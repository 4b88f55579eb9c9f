"""What people do to files and their data, as the page of the audit log tells it."""

from tolva.web.pages.deeds import Deed

INTAKE_DEEDS = (
    Deed("upload.load", "loaded a file", "/jobs/{0}"),
    Deed("upload.dry_run", "looked a file over", "/jobs/{0}"),
    Deed("load.undo", "undid a load", "/jobs/{0}"),
    Deed("schema.put", "kept a schema"),
    Deed("schema.withdraw", "withdrew a schema"),
    Deed("mapping.forget", "forgot what was said of a column"),
    Deed("locale.forget", "forgot how numbers and dates are meant"),
)
