"""The arguments for the public keys of a new client."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from app.errors import Invalid
from app.oauth.clients.keys import GivenKeys

LARGEST_FILE: Final = 64 * 1024


def add_keys_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to a parser."""
    parser.add_argument("--jwks-file", type=Path, metavar="FILE", help="its public keys (JWK Set), for private_key_jwt")
    parser.add_argument("--jwks-uri", metavar="URL", help="or the URL where it publishes and changes them")


def keys_of(arguments: argparse.Namespace) -> GivenKeys:
    """Return the keys that the arguments name. Raises `Invalid` for a file without keys."""
    path: Path | None = arguments.jwks_file
    return GivenKeys(None if path is None else _read(path), arguments.jwks_uri)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(LARGEST_FILE))
    except OSError as error:
        raise Invalid(f"--jwks-file: {path} can't be read: {error.strerror}.", field="jwks-file") from None
    except ValueError:
        raise Invalid(f"--jwks-file: {path} is not JSON.", field="jwks-file") from None
    if not isinstance(found, dict):
        raise Invalid(f"--jwks-file: {path} does not contain a JWK Set.", field="jwks-file")
    return found  # pyright: ignore[reportUnknownVariableType]
