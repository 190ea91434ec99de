"""`python -m app serve`."""

import argparse
from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from app.commands.command import Commands


def add_to(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="run the service; starts its own database unless DATABASE_URL is set")
    parser.set_defaults(run=_run)


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    # Here, because the other commands need nothing of the server, and loading it takes them a second.
    from app.serve import serve

    serve(settings)
    return 0
