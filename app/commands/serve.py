"""`python -m app serve`."""

import argparse

from app.commands.common import Commands
from app.settings import Settings


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("serve", help="run the service; starts its own database unless DATABASE_URL is set")
    parser.set_defaults(run=_run)


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    # Imported here, because the other commands don't need the server and it takes a second to load.
    from app.serve import serve

    serve(settings)
    return 0
