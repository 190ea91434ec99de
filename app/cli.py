"""The commands of `python -m app`."""

import argparse
import sys
from collections.abc import Sequence

from app.config import load_settings
from app.errors import StartupError, Unavailable
from app.ops.logging import configure_logging
from app.serve import database, serve

START_FAILED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. A wrong setting or a database that can't start is one line on stderr and 2."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Shared shopping lists for every assistant.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the service; starts its own database unless DATABASE_URL is set")
    commands.add_parser("migrate", help="bring the database to the newest schema, and stop")
    command = parser.parse_args(arguments).command
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        if command == "serve":
            serve(settings)
        else:
            with database(settings):
                print("The database is up to date.")
    except (StartupError, Unavailable) as error:
        print(f"shopping-list-mcp: {error}", file=sys.stderr)
        return START_FAILED
    return 0
