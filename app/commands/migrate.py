"""`python -m app migrate`."""

import argparse

from app.commands.common import Commands
from app.db.startup import database
from app.settings import Settings


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("migrate", help="bring the database to the newest schema, then exit")
    parser.set_defaults(run=_run)


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    with database(settings):
        print("The database is up to date.")
    return 0
