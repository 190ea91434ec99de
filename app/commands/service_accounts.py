"""`python -m app service-accounts create|list|revoke`."""

import argparse
import sys
from typing import Final

from app.commands.client_keys import add_keys_to, keys_of
from app.commands.common import (
    Change,
    Commands,
    day_or_never,
    need_auth_server,
    print_columns,
    run_change,
    run_in_transaction,
)
from app.oauth.clients.models import CONFIDENTIAL_METHODS
from app.oauth.credentials.repository import ServiceAccount, find_service_accounts
from app.oauth.credentials.service_accounts import (
    NewAccount,
    create_service_account,
    revoke_service_account,
)
from app.runtime.clock import system_clock
from app.scopes import format_scope
from app.settings import Settings

COLUMNS: Final = ("client id", "name", "household", "scopes", "method", "state", "last used")


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("service-accounts", help="programs that act on their own behalf in one household")
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="create an account and print its client id and, once, its secret")
    create.add_argument("--household", required=True, metavar="NAME", help="name or ref")
    create.add_argument("--role", required=True, choices=["editor", "viewer"])
    create.add_argument("--name", default="Service account", help="the name that the household sees in its activity")
    create.add_argument(
        "--auth-method", choices=CONFIDENTIAL_METHODS, default=CONFIDENTIAL_METHODS[0], help="how it authenticates"
    )
    add_keys_to(create)
    create.set_defaults(run=_create)
    actions.add_parser("list", help="list all accounts, without their secrets").set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="revoke an account at once")
    revoke.add_argument("id", help="its client id")
    revoke.set_defaults(run=_revoke)


def _create(settings: Settings, arguments: argparse.Namespace) -> int:
    need_auth_server(settings)
    wanted = NewAccount(
        name=arguments.name,
        household=arguments.household,
        role=arguments.role,
        method=arguments.auth_method,
        keys=keys_of(arguments),
    )
    issued = run_in_transaction(
        settings, lambda connection: create_service_account(connection, settings.resource, wanted, system_clock())
    )
    print(f"client_id={issued.client_id}")
    if issued.secret is not None:
        print(f"client_secret={issued.secret}")
        print("The secret is not shown again.", file=sys.stderr)
    return 0


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    print_columns(COLUMNS, [_row(account) for account in run_in_transaction(settings, find_service_accounts)])
    return 0


def _row(account: ServiceAccount) -> tuple[str, ...]:
    state = "revoked" if account.revoked_at else "valid"
    scopes, used = format_scope(account.scopes), day_or_never(account.last_used_on)
    return (account.client_id, account.name, account.household, scopes, account.method, state, used)


def _revoke(settings: Settings, arguments: argparse.Namespace) -> int:
    async def work(change: Change) -> None:
        left = await revoke_service_account(change.connection, arguments.id, change.revocations, system_clock())
        change.households.append(left)

    run_change(settings, work)
    print(f"Service account {arguments.id} is revoked.")
    return 0
