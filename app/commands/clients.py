"""`python -m app clients add|list|remove`: clients that the operator registers."""

import argparse
import sys
from datetime import date
from typing import Final

from app.commands.client_keys import add_keys_to, keys_of
from app.commands.common import (
    Commands,
    day_or_never,
    need_auth_server,
    print_columns,
    run_change,
    run_in_transaction,
)
from app.oauth.clients.models import AUTH_METHODS, PUBLIC, Client
from app.oauth.clients.preregistered import NewClient, add_client, remove_client
from app.oauth.clients.repository import find_preregistered
from app.runtime.clock import system_clock
from app.settings import Settings

COLUMNS: Final = ("client id", "name", "method", "introspects", "last used", "redirect uris")


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("clients", help="apps that you register yourself: add, list, remove")
    actions = parser.add_subparsers(dest="action", required=True)

    add = actions.add_parser("add", help="register an app and print its id and, once, its secret")
    add.add_argument("name", help="the name that people see on the consent page")
    add.add_argument("redirect_uris", metavar="redirect_uri", nargs="+", help="where people may be sent back to")
    add.add_argument("--auth-method", choices=AUTH_METHODS, default=PUBLIC, help="how it authenticates")
    add_keys_to(add)
    add.add_argument("--introspect", action="store_true", help="let it introspect access tokens")
    add.set_defaults(run=_add)

    listing = actions.add_parser("list", help="list the apps that were added")
    listing.set_defaults(run=_list)

    remove = actions.add_parser("remove", help="remove an app, however it was registered, and disconnect it")
    remove.add_argument("client_id", help="its client id; `list` shows those of added apps")
    remove.set_defaults(run=_remove)


def _add(settings: Settings, arguments: argparse.Namespace) -> int:
    need_auth_server(settings)
    wanted = NewClient(
        name=arguments.name,
        redirect_uris=arguments.redirect_uris,
        auth_method=arguments.auth_method,
        keys=keys_of(arguments),
        may_introspect=arguments.introspect,
    )
    schemes = settings.oauth_redirect_schemes
    registered = run_in_transaction(
        settings, lambda connection: add_client(connection, schemes, wanted, system_clock())
    )
    print(f"client_id={registered.client.id}")
    if "client_secret" in registered.response:
        print(f"client_secret={registered.response['client_secret']}")
        print("The secret is not shown again.", file=sys.stderr)
    return 0


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    print_columns(COLUMNS, [_row(*found) for found in run_in_transaction(settings, find_preregistered)])
    return 0


def _row(client: Client, last_used_on: date | None) -> tuple[str, ...]:
    introspects = "yes" if client.may_introspect else "no"
    method, used = client.token_endpoint_auth_method, day_or_never(last_used_on)
    return (client.id, client.name, method, introspects, used, " ".join(client.redirect_uris))


def _remove(settings: Settings, arguments: argparse.Namespace) -> int:
    ended = run_change(
        settings,
        lambda change: remove_client(change.connection, arguments.client_id, change.revocations, system_clock()),
    )
    print(f"Removed. Approvals that it ended: {len(ended)}")
    return 0
