"""`python -m app households export|import`."""

import argparse
import os
import sys
from pathlib import Path

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.commands.common import Commands, run_with_database
from app.db import Engine, new_id, transaction
from app.db.transactions import open_transaction
from app.errors import Conflict, NotFound
from app.households.finding import find_among_all
from app.households.tenant import open_for_service
from app.lists.transfer.export_household import write_household
from app.lists.transfer.import_household import import_household
from app.people.email_addresses import parse_email
from app.people.repository import find_local_person
from app.runtime.clock import system_clock
from app.runtime.progress import STEP
from app.settings import Settings


def add_to(commands: Commands) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("households", help="export whole households, and bring them back")
    actions = parser.add_subparsers(dest="action", required=True)
    exporting = actions.add_parser("export", help="write everything of a household into a ZIP file")
    exporting.add_argument("household", help="its name or ref")
    exporting.add_argument("file", type=Path, help="the file to write; it must not exist yet")
    exporting.set_defaults(run=_export)
    importing = actions.add_parser("import", help="make a new household of such a file")
    importing.add_argument("file", type=Path, help="the file to read")
    importing.add_argument("--owner", required=True, metavar="EMAIL", help="the address that its owner signs in with")
    importing.add_argument("--name", help="the name of the new household; the one in the file if left out")
    importing.set_defaults(run=_import)


def _export(settings: Settings, arguments: argparse.Namespace) -> int:
    path: Path = arguments.file

    async def work(complete: Settings, engine: Engine) -> int:
        async with transaction(engine) as connection:
            household_id = await find_among_all(connection, arguments.household)
        try:
            with open(path, "xb", opener=_private) as file:  # noqa: ASYNC230  # nobody else waits
                async with open_for_service(engine, household_id, write=False) as tenant:
                    written = await write_household(tenant, file, _show)
                    entry = AuditEntry(action=Action.HOUSEHOLD_EXPORTED, at=system_clock(), household_id=household_id)
                    await record(tenant.connection, entry)
        except FileExistsError:
            raise Conflict(f"{path} exists already; nothing was written.") from None
        except OSError as error:
            raise Conflict(f"{path} can't be written: {error.strerror}.") from None
        return written

    written = run_with_database(settings, work)
    print(f"{written:,} records are in {path}.")
    return 0


def _import(settings: Settings, arguments: argparse.Namespace) -> int:
    path: Path = arguments.file

    async def work(complete: Settings, engine: Engine) -> int:
        household_id, now = new_id(), system_clock()
        try:
            file = open(path, "rb")  # noqa: SIM115, ASYNC230  # closed below; nobody else waits
        except OSError as error:
            raise NotFound(f"{path} can't be read: {error.strerror}.") from None
        with file:
            async with open_transaction(engine, household_id) as opened:
                person = await find_local_person(opened.connection, parse_email(arguments.owner))
                if person is None:
                    raise NotFound("Nobody has an account with this address.")
                return await import_household(opened, household_id, file, person, now, name=arguments.name, note=_show)

    stored = run_with_database(settings, work)
    print(f"A new household has {stored:,} records.")
    return 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _show(done: int, total: int, message: str) -> None:
    """Show how far it is, on one line for each ten parts."""
    if done % (10 * STEP) == 0:
        print(message, file=sys.stderr)
