"""`python -m app clients`: clients that are registered by hand."""

import argparse
from typing import TYPE_CHECKING

from app.commands.command import run_with_database
from app.commands.telling import tell_ended
from app.config import Settings
from app.db import Engine
from app.oauth.metadata import AUTH_METHODS, PUBLIC
from app.oauth.preregistered import Wanted, add_client, end_client, list_clients
from app.ops.clock import system_clock

if TYPE_CHECKING:
    from app.commands.command import Commands


def add_to(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser("clients", help="register apps by hand: add, list, remove")
    actions = parser.add_subparsers(dest="action", required=True)

    add = actions.add_parser("add", help="register an app; prints its id, and its secret this once")
    add.add_argument("name", help="what people see when they are asked")
    add.add_argument("redirect_uris", metavar="redirect_uri", nargs="+", help="where the app may be sent back to")
    add.add_argument("--auth-method", choices=AUTH_METHODS, default=PUBLIC, help="how the app proves who it is")
    add.add_argument("--jwks-uri", help="where its public keys are, for private_key_jwt")
    add.add_argument("--introspect", action="store_true", help="let it ask whether tokens are good")
    add.set_defaults(run=_add)

    listing = actions.add_parser("list", help="show the apps that were added")
    listing.set_defaults(run=_list)

    remove = actions.add_parser("remove", help="remove an app, whichever way it was registered, and disconnect it")
    remove.add_argument("client_id")
    remove.set_defaults(run=_remove)


def _add(settings: Settings, arguments: argparse.Namespace) -> int:
    wanted = Wanted(
        name=arguments.name,
        redirect_uris=arguments.redirect_uris,
        auth_method=arguments.auth_method,
        jwks_uri=arguments.jwks_uri,
        may_introspect=arguments.introspect,
    )

    async def work(complete: Settings, engine: Engine) -> None:
        registered = await add_client(complete, engine, wanted, system_clock())
        print(f"client_id: {registered.client.id}")
        if "client_secret" in registered.answer:
            print(f"client_secret: {registered.answer['client_secret']}")

    run_with_database(settings, work)
    return 0


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    async def work(complete: Settings, engine: Engine) -> None:
        for client, last_used_at in await list_clients(engine):
            marks = " introspects" if client.may_introspect else ""
            print(
                f"{client.id}  {client.token_endpoint_auth_method}  used {last_used_at:%Y-%m-%d}  {client.name}{marks}"
            )
            for uri in client.redirect_uris:
                print(f"    {uri}")

    run_with_database(settings, work)
    return 0


def _remove(settings: Settings, arguments: argparse.Namespace) -> int:
    async def work(complete: Settings, engine: Engine) -> None:
        ended = await end_client(engine, arguments.client_id, system_clock())
        if ended:
            await tell_ended(complete, ended)
        print(f"Removed. Approvals that ended with it: {len(ended)}")

    run_with_database(settings, work)
    return 0
