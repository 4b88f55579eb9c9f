"""`tolva key`: who may call the API and open the dashboard."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from psycopg.rows import DictRow

from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Tenant, err, out, print_json, say, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column
from tolva.cli.opened import opened
from tolva.cli.rows import show_rows
from tolva.errors import InvalidInput
from tolva.web.access.caller import Role
from tolva.web.access.granting import end_key, make_key
from tolva.web.access.keys import has_keys, list_keys
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="Keys: who may call the API and open the dashboard.", no_args_is_help=True)
COLUMNS = (
    *(Column("id"), Column("name", wraps=True), Column("role"), Column("begins"), Column("made")),
    *(Column("by", wraps=True), Column("last used"), Column("")),
)


@cli.command("create")
def create(
    role: Annotated[Role, typer.Option(help="viewer sees; operator also uploads and steers jobs; admin everything.")],
    name: Annotated[str, typer.Option(help="Who or what it is for.")] = "",
    days: Annotated[float | None, typer.Option(min=0.001, max=36_500, help="It expires after so many days.")] = None,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once: only its hash is kept. With the first one, the API closes to everybody else."""
    expires = datetime.now(UTC) + timedelta(days=days) if days is not None else None
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        is_first = not has_keys(conn)
        secret, row = make_key(conn, at_terminal(tenant), name or f"{role} key", role, expires)
    if is_first and role is not Role.ADMIN:
        _warn(Hints(data_dir, tenant))
    if as_json:
        print_json(row | {"key": secret.text})
        return
    out.print(f"[bold]{secret.text}[/]", soft_wrap=True)
    until = f" until {when(expires)}" if expires else ""
    say(f"Keep it now: it is not shown again. Its role is {role}, its tenant '{tenant}'{until}.")
    say("Send it as 'Authorization: Bearer …', or open the dashboard with it. Now nobody gets in without a key.")


def _warn(hints: Hints) -> None:
    said = "This is the first key, and its role is not admin: with it nobody gets to keys, webhooks and the audit log."
    create = hints.command("key", "create", "--role", "admin")
    err.print(f"{said} Make one for an administrator: {create}", markup=False, soft_wrap=True)


@cli.command("ls")
def ls(
    before: Annotated[UUID | None, typer.Option(help="Those that follow this key in the list.", metavar="KEY")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List the tenant's keys, newest first."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        found = list_keys(conn, before=before, most=limit + 1)
    rows, hints = found[:limit], Hints(data_dir, tenant)
    create = hints.command("key", "create", "--role", "operator", "--name", "NAME")
    none = "No such keys." if before else f"No keys of tenant '{tenant}' yet. Make one: {create}"
    show_rows(rows, COLUMNS, _listed, none, as_json=as_json)
    if len(found) > limit and not as_json:
        say(f"more: {hints.command('key', 'ls', '--limit', str(limit), '--before', str(rows[-1]['id']))}")


@cli.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(help="The key's id.", metavar="KEY", show_default=False)],
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """End a key at once, and the logins made with it."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        row = end_key(conn, at_terminal(tenant), _key_id(id))
    if as_json:
        print_json(row)
    else:
        say(f"'{row['name']}' is revoked: calls and logins with it are refused from now on.")


def _listed(row: DictRow) -> tuple[object, ...]:
    named = row["id"], row["name"], row["role"], f"{row['beginning']}…", when(row["created_at"]), row["created_by"]
    return *named, when(row["last_used_at"]), _standing(row)


def _standing(row: DictRow) -> str:
    if row["revoked_at"]:
        return "revoked"
    if not row["expires_at"]:
        return ""
    over = row["expires_at"] <= datetime.now(UTC)
    return f"{'expired' if over else 'until'} {when(row['expires_at'])}"


def _key_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"'{text}' is not a key's id. `tolva key ls` lists them.") from None
