"""`python -m app signing-keys rotate|list`."""

import argparse
from datetime import datetime
from typing import Final

from app.commands.common import (
    Commands,
    format_minute,
    need_auth_server,
    print_columns,
    run_in_transaction,
    run_with_database,
)
from app.db import Engine, transaction
from app.oauth.signing.key_ring import PUBLISHED_AFTER_RETIREMENT, KeyRing
from app.oauth.signing.repository import StoredKey, find_keys
from app.oauth.signing.rotation import rotate_keys
from app.runtime.clock import system_clock
from app.settings import Settings

COLUMNS: Final = ("kid", "signs from", "signs until", "published until", "state")


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("signing-keys", help="the keys that sign access tokens")
    actions = parser.add_subparsers(dest="action", required=True)
    rotate = actions.add_parser("rotate", help="create a key that takes over in an hour")
    rotate.set_defaults(run=_rotate)
    actions.add_parser("list", help="list all published keys").set_defaults(run=_list)


def _rotate(settings: Settings, arguments: argparse.Namespace) -> int:
    need_auth_server(settings)

    async def work(complete: Settings, engine: Engine) -> StoredKey | None:
        # Like every start, this fails when SECRET_KEY does not decrypt the stored keys.
        keys = KeyRing(engine, complete.secret_keys)
        await keys.load()
        async with transaction(engine) as connection:
            return await rotate_keys(connection, keys.secret_key, system_clock())

    key = run_with_database(settings, work)
    if key is None:
        print("A new key is already waiting to take over.")
    else:
        print(f"Key {key.kid} takes over at {format_minute(key.active_from)}.")
    return 0


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    now = system_clock()
    keys = run_in_transaction(settings, lambda connection: find_keys(connection, now - PUBLISHED_AFTER_RETIREMENT))
    print_columns(COLUMNS, [_row(key, now) for key in keys])
    return 0


def _row(key: StoredKey, now: datetime) -> tuple[str, ...]:
    state = "retired" if not key.may_sign(now) else "coming" if key.active_from > now else "signing"
    if key.retired_at is None:
        return (key.kid, format_minute(key.active_from), "-", "-", state)
    published = key.retired_at + PUBLISHED_AFTER_RETIREMENT
    return (key.kid, format_minute(key.active_from), format_minute(key.retired_at), format_minute(published), state)
