"""Flower, which shows Celery's workers and tasks: a process beside the others."""

import importlib.util
import os
import socket

from tolva import app
from tolva.errors import SettingsError
from tolva.serve.celery_command import become_celery_command
from tolva.serve.part import Part
from tolva.settings import Settings
from tolva.web.access.origin import is_loopback

COLUMNS = "name,args,state,received,runtime,worker,uuid"
"""Of Flower's list of tasks, unless FLOWER_TASKS_COLUMNS says otherwise: the arguments name our jobs."""


def require_flower(settings: Settings) -> None:
    """Raises SettingsError where Flower could not run, would show nothing, or would show it to everybody."""
    if not app.shares(settings).celery:
        raise SettingsError(
            "Flower shows Celery's workers, and no queue is Celery's: set TOLVA_ENGINE=celery, or TOLVA_ENGINES."
        )
    if importlib.util.find_spec("flower") is None:
        raise SettingsError("Flower is not installed: pip install 'tolva[celery]'.")
    if (settings.celery_broker or "").startswith("sqs"):
        raise SettingsError("Flower sees nothing through SQS, which carries no events: use Redis or RabbitMQ.")
    if not is_loopback(settings.host) and not settings.flower_basic_auth:
        raise SettingsError(
            f"Flower on {settings.host} would be open to everybody who reaches it: set FLOWER_BASIC_AUTH=user:password."
        )
    _require_port(settings)


def become_flower(settings: Settings) -> None:
    """Turn this process into Flower. Does not return."""
    more = {
        "FLOWER_ADDRESS": settings.host,
        "FLOWER_PORT": str(settings.flower_port),
        "FLOWER_URL_PREFIX": settings.flower_url_prefix.strip("/"),
        "FLOWER_TASKS_COLUMNS": os.environ.get("FLOWER_TASKS_COLUMNS") or COLUMNS,
    }
    become_celery_command(settings, ["flower", f"--logging={settings.celery_log_level.lower()}"], more)


def flower_part(settings: Settings) -> Part:
    """Flower beside others."""
    return Part("Flower", become_flower, settings)


def flower_url(settings: Settings) -> str:
    """Where a browser on this machine finds it; without the last slash, Flower answers 404.

    >>> flower_url(Settings(flower_port=5556, flower_url_prefix="/flower"))
    'http://127.0.0.1:5556/flower/'
    """
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 -- read, not bound
    prefix = settings.flower_url_prefix.strip("/")
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.flower_port}/{prefix and f'{prefix}/'}"


def _require_port(settings: Settings) -> None:
    """Flower itself would end, and be started again for ever."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.flower_port))
        except OSError as error:
            raise SettingsError(
                f"Flower cannot listen on {settings.host}, port {settings.flower_port}: {error.strerror}. "
                "Choose another with FLOWER_PORT, or end the program that has it."
            ) from error
