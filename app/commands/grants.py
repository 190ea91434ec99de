"""`python -m app grants list|revoke`."""

import argparse
from typing import Final
from uuid import UUID

from app.commands.common import Commands, format_minute, print_columns, run_change, run_in_transaction
from app.db import Connection
from app.oauth.grants.connected_apps_repository import ConnectedApp, find_connected_apps
from app.oauth.grants.revocation import revoke_by_command
from app.people.identities import find_anybody
from app.runtime.clock import system_clock
from app.scopes import format_scope
from app.settings import Settings

COLUMNS: Final = ("grant", "kind", "client id", "name", "issuer", "scopes", "households", "created", "until")


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("grants", help="what a person has approved: list or revoke it")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="list the apps and keys of a person")
    listing.add_argument(
        "person", help="an e-mail address, a subject at an external issuer, or an id from the audit record"
    )
    listing.set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="revoke a grant at once")
    revoke.add_argument("id", type=_grant_id, help="the id that `list` shows")
    revoke.set_defaults(run=_revoke)


def _grant_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError("the id of a grant is a UUID; `grants list` shows it") from None


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    async def work(connection: Connection) -> list[ConnectedApp]:
        person_id = await find_anybody(connection, arguments.person)
        return await find_connected_apps(connection, person_id, system_clock())

    print_columns(COLUMNS, [_row(grant) for grant in run_in_transaction(settings, work)])
    return 0


def _row(grant: ConnectedApp) -> tuple[str, ...]:
    until = "-" if grant.expires_at is None else format_minute(grant.expires_at)
    return (
        str(grant.grant_id),
        grant.kind,
        grant.client_id,
        grant.name,
        grant.issuer or "-",
        format_scope(grant.scopes),
        ", ".join(f"{name} ({ref})" for name, ref in zip(grant.households, grant.household_refs, strict=True)) or "-",
        format_minute(grant.created_at),
        until,
    )


def _revoke(settings: Settings, arguments: argparse.Namespace) -> int:
    run_change(
        settings, lambda change: revoke_by_command(change.connection, arguments.id, change.revocations, system_clock())
    )
    print(f"Grant {arguments.id} is revoked.")
    return 0
