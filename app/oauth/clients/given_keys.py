"""The keys of a client that an operator registers by command."""

from dataclasses import dataclass
from typing import Any, Final

from app.errors import Invalid
from app.oauth.clients.keys import jwks_uri_error, keys_error, read_keys, set_of
from app.oauth.metadata import PRIVATE_KEY_JWT


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """A JWK Set with public keys, or the address of one; neither where the client has a secret, or nothing."""

    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None


NO_KEYS: Final = GivenKeys()


def checked_keys(auth_method: str, keys: GivenKeys) -> GivenKeys:
    """The keys as they are kept: for private_key_jwt, and in exactly one of the two ways (RFC 7591 section 2).

    Raises `Invalid` in the words of the commands.
    """
    if auth_method != PRIVATE_KEY_JWT:
        if keys != NO_KEYS:
            raise Invalid("--jwks-file and --jwks-uri are for --auth-method private_key_jwt.", field="jwks")
    elif (keys.jwks is None) == (keys.jwks_uri is None):
        raise Invalid("--auth-method private_key_jwt needs either --jwks-file or --jwks-uri.", field="jwks")
    if keys.jwks_uri is not None and (fault := jwks_uri_error(keys.jwks_uri)) is not None:
        raise Invalid(f"--jwks-uri is refused. {fault}", field="jwks")
    if keys.jwks is None:
        return keys
    if (fault := keys_error(keys.jwks)) is not None:
        raise Invalid(f"--jwks-file is refused. {fault}", field="jwks")
    return GivenKeys(jwks=set_of(read_keys(keys.jwks)))
