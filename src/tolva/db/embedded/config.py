"""The server's settings, written anew at every start. `ALTER SYSTEM` overrides DEFAULTS, nothing overrides MUSTS."""

import sys

from tolva.db.embedded.endpoint import Endpoint
from tolva.db.embedded.folder import Folder, write_whole

DEFAULTS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    # Short queries only: compiling them costs more than it saves.
    "jit": "off",
    # Job rows are updated several times within seconds, so dead versions pile up faster than in most tables.
    "autovacuum_naptime": "10s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_cost_limit": "2000",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u ",
} | ({"client_connection_check_interval": "1s"} if sys.platform in ("linux", "darwin") else {})

# Durability is a promise of Tolva's, not a matter of tuning.
MUSTS = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}

# Nobody gets in without a password, not even with the socket at hand; replication gets no line at all.
_HBA = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


def write(folder: Folder) -> None:
    """Replace the server's configuration files with ours."""
    lines = [f"{name} = '{value}'\n" for name, value in DEFAULTS.items()]
    write_whole(folder.data / "postgresql.conf", "# Rewritten at every start; use ALTER SYSTEM.\n" + "".join(lines))
    write_whole(folder.data / "pg_hba.conf", _HBA)


def options(endpoint: Endpoint) -> list[str]:
    """Arguments for `postgres` that no file overrides."""
    listen = {
        "port": str(endpoint.port),
        "listen_addresses": "" if endpoint.is_socket else endpoint.host,
        "unix_socket_directories": f'"{endpoint.host}"' if endpoint.is_socket else "",
        "unix_socket_permissions": "0700",
    }
    return [argument for name, value in (MUSTS | listen).items() for argument in ("-c", f"{name}={value}")]
