"""One line for each request, at its end."""

import logging

from tolva.web.middleware.exchange import Exchange, is_probe

log = logging.getLogger(__name__)


def log_exchange(exchange: Exchange) -> None:
    """Method, path, status, milliseconds and bytes; nothing of what machines ask for all the time."""
    if is_probe(exchange.path) or not log.isEnabledFor(logging.INFO):
        return
    told = {"method": exchange.method, "path": exchange.path, "status": exchange.status}
    told |= {"milliseconds": round(exchange.seconds * 1000, 1), "bytes": exchange.size}
    log.info("%s %s %s %s ms %s bytes", *told.values(), extra={"fields": told})
