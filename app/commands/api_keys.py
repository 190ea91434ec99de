"""`python -m app api-keys create|list|revoke`."""

import argparse
import sys
from typing import Final

from app.commands.common import (
    Commands,
    day_or_never,
    format_minute,
    need_auth_server,
    print_columns,
    run_change,
    run_in_transaction,
)
from app.oauth.credentials.api_keys import (
    DEFAULT_DAYS,
    MOST_DAYS,
    NewKey,
    create_api_key,
    revoke_api_key,
)
from app.oauth.credentials.repository import ApiKey, find_api_keys
from app.runtime.clock import system_clock
from app.scopes import ALL_SCOPES, DEFAULT_SCOPES, format_scope, scopes_of_role
from app.settings import Settings

COLUMNS: Final = ("id", "name", "person", "household", "scopes", "until", "state", "last used")


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("api-keys", help="keys for programs that can't sign in with a browser")
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="create a key and print it once")
    create.add_argument(
        "--person", required=True, help="who it is for: an e-mail address, a subject at an external issuer, or an id"
    )
    create.add_argument("--household", required=True, metavar="NAME", help="name or ref of one of their households")
    extent = create.add_mutually_exclusive_group()
    extent.add_argument("--scopes", metavar="'SCOPE ...'", help=f"some of: {format_scope(ALL_SCOPES)}")
    extent.add_argument("--role", choices=["viewer", "editor", "owner"], help="the scopes of a member with this role")
    create.add_argument(
        "--days",
        type=int,
        default=DEFAULT_DAYS,
        help=f"1 to {MOST_DAYS} (default: {DEFAULT_DAYS})",
    )
    create.add_argument("--name", default="API key", help="what the key is for")
    create.set_defaults(run=_create)
    actions.add_parser("list", help="list all keys, without their secrets").set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="revoke a key at once")
    revoke.add_argument("id", help="the id that `list` shows")
    revoke.set_defaults(run=_revoke)


def _create(settings: Settings, arguments: argparse.Namespace) -> int:
    need_auth_server(settings)
    wanted = NewKey(
        person=arguments.person,
        household=arguments.household,
        scopes=_scopes(arguments),
        days=arguments.days,
        name=arguments.name,
    )
    issued = run_in_transaction(
        settings, lambda connection: create_api_key(connection, settings.resource, wanted, system_clock())
    )
    print(issued.secret)
    print(
        f"This is key {issued.id}, valid until {format_minute(issued.expires_at)}. It is not shown again.",
        file=sys.stderr,
    )
    return 0


def _scopes(arguments: argparse.Namespace) -> tuple[str, ...]:
    if arguments.scopes is not None:
        return tuple(arguments.scopes.split())
    return DEFAULT_SCOPES if arguments.role is None else scopes_of_role(arguments.role)


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    print_columns(COLUMNS, [_row(key) for key in run_in_transaction(settings, find_api_keys)])
    return 0


def _row(key: ApiKey) -> tuple[str, ...]:
    state = "revoked" if key.revoked_at else "valid" if key.expires_at > system_clock() else "expired"
    until, used = format_minute(key.expires_at), day_or_never(key.last_used_on)
    return (key.id, key.name, key.person, key.household, format_scope(key.scopes), until, state, used)


def _revoke(settings: Settings, arguments: argparse.Namespace) -> int:
    run_change(
        settings, lambda change: revoke_api_key(change.connection, arguments.id, change.revocations, system_clock())
    )
    print(f"Key {arguments.id} is revoked.")
    return 0
