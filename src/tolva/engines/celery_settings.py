"""Our settings as Celery's."""

import platform
import socket
from typing import Any

from tolva.settings import Settings

ANSWER = 30.0
"""Seconds after which a broker that does not answer is given up."""
PROBE = 10
"""Seconds between two looks whether a connection that is silent still lives."""


def celery_settings(settings: Settings) -> dict[str, Any]:
    """What Celery is configured with."""
    serializers = {settings.celery_task_serializer, settings.celery_result_serializer, "json"}
    return {
        "broker_url": settings.celery_broker,
        "broker_connection_timeout": 3.0,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # a worker waits for its broker for as long as it takes
        "broker_transport_options": _transport(settings),
        "result_backend": settings.celery_result_backend,
        "result_expires": settings.celery_result_expires,
        "task_ignore_result": settings.celery_result_backend is None,
        "task_serializer": settings.celery_task_serializer,
        "result_serializer": settings.celery_result_serializer,
        "accept_content": sorted(serializers),
        "task_soft_time_limit": settings.celery_task_soft_time_limit,
        "task_time_limit": settings.celery_task_time_limit,
        "timezone": settings.celery_timezone,
        "enable_utc": True,
        "worker_concurrency": settings.celery_worker_concurrency,
        "worker_max_tasks_per_child": settings.celery_worker_max_tasks_per_child,
        "worker_prefetch_multiplier": 1,  # a ring that waits here could wake somebody else
        "worker_proc_alive_timeout": 60.0,
        "worker_soft_shutdown_timeout": settings.grace_seconds,
        "worker_send_task_events": True,  # else Flower sees nothing
        "worker_consumer": "tolva.engines.celery_events:Consumer",
        "task_track_started": True,
    }


def _transport(settings: Settings) -> dict[str, Any]:
    """For Redis: a connection that died in silence is found out, rather than waited on for ever."""
    if not (settings.celery_broker or "").startswith(("redis", "valkey")):
        return {}
    options: dict[str, Any] = {
        "socket_connect_timeout": 3.0,
        "socket_timeout": ANSWER,
        "socket_keepalive": True,
        "health_check_interval": PROBE,
        "queue_order_strategy": "priority",  # `-Q urgent,…`: the first goes first
    }
    if platform.system() == "Linux":
        keepalive = {socket.TCP_KEEPIDLE: PROBE, socket.TCP_KEEPINTVL: PROBE, socket.TCP_KEEPCNT: 3}
        options["socket_keepalive_options"] = keepalive
    return options
