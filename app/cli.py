"""The commands of `python -m app`."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from app.commands import (
    api_keys,
    audit,
    clients,
    grants,
    households,
    migrate,
    people,
    serve,
    service_accounts,
    signing_keys,
    stdio,
)
from app.db.startup import Stopped
from app.errors import AppError, StartupError
from app.runtime.logging import configure_logging
from app.settings import load_settings

if TYPE_CHECKING:
    from app.commands.common import Run

START_FAILED: Final = 2
REFUSED: Final = 1
# As shells give them for SIGINT and SIGPIPE.
INTERRUPTED: Final = 130
OUTPUT_CLOSED: Final = 141

COMMANDS: Final = (
    serve,
    stdio,
    migrate,
    people,
    households,
    clients,
    grants,
    api_keys,
    service_accounts,
    signing_keys,
    audit,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status.

    A wrong setting or a database that can't start is one line on stderr and 2; what a command refuses to do, 1. Ctrl-C
    and a reader of the output who has seen enough end it without a word.
    """
    parser = argparse.ArgumentParser(prog="python -m app", description="Shared shopping lists for every assistant.")
    parser.add_argument("--directory", metavar="DIR", help="run in this directory, whose .env has the settings")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    given = parser.parse_args(arguments)
    run: Run = given.run
    try:
        if given.directory is not None:
            _enter(given.directory)
        settings = load_settings()
        configure_logging(settings.log_level)
        status = run(settings, given)
        sys.stdout.flush()
        return status
    except (KeyboardInterrupt, Stopped) as stopped:
        _discard_output()
        return INTERRUPTED if isinstance(stopped, KeyboardInterrupt) else stopped.status
    except BrokenPipeError:
        _discard_output()
        return OUTPUT_CLOSED
    except StartupError as error:
        print(f"shopping-list-mcp: {error}", file=sys.stderr)
        return START_FAILED
    except AppError as error:
        choices = f" Candidates: {', '.join(error.candidates)}." if error.candidates else ""
        print(f"shopping-list-mcp: {error.message}{choices}", file=sys.stderr)
        return START_FAILED if error.code == "unavailable" else REFUSED


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        raise StartupError(f"--directory: {directory} can't be used: {error.strerror}") from None


def _discard_output() -> None:
    """Write what is left of the output nowhere: the interpreter tries once more at its end, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
