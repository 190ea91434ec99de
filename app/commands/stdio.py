"""`python -m app stdio`."""

import argparse
from typing import Final

from app.commands.common import Commands
from app.commands.desktop_hosts import HOSTS, install, show
from app.errors import StartupError
from app.settings import Settings

DEFAULT_NAME: Final = "shopping-list"


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "stdio", help="serve one desktop app (Claude Desktop, Cursor, VS Code), which starts this by itself"
    )
    parser.add_argument("--person", metavar="EMAIL", help="who you are, where several people have accounts")
    parser.add_argument("--client", metavar="NAME", help="the app's name in the history (default: as it calls itself)")
    parser.add_argument("--install", choices=tuple(HOSTS), help="add this command to the configuration of an app")
    parser.add_argument("--print", action="store_true", help="with --install: only show what it would add, and where")
    parser.add_argument("--file", metavar="PATH", help="with --install: the configuration, if it is at another place")
    parser.add_argument(
        "--name", default=DEFAULT_NAME, help=f"with --install: what the app calls this server (default: {DEFAULT_NAME})"
    )
    parser.set_defaults(run=_run)


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    if settings.database_url is not None:
        raise StartupError(
            f"DATABASE_URL is set, and `stdio` is for the database in DATA_DIR; let the app use {settings.resource}"
        )
    if arguments.install is not None:
        options = [
            text
            for name in ("person", "client")
            if (value := getattr(arguments, name)) is not None
            for text in (f"--{name}", value)
        ]
        work = show if arguments.print else install
        work(HOSTS[arguments.install], settings, options, arguments.name, arguments.file)
        return 0
    # Imported here, because the other commands don't need the server and it takes a second to load.
    from app.runtime.standard_streams import claim_standard_streams

    streams = claim_standard_streams()  # first, so that nothing else is ever written to stdout
    from app.stdio import Host, serve_host

    serve_host(settings, streams, Host(arguments.person, arguments.client))
    return 0
