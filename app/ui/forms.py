"""Reading forms within bounds, and proving that they come from a page of this service."""

import hmac
import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

import anyio
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.crypto.derived_keys import derive_key
from app.crypto.tokens import hash_of
from app.errors import Invalid
from app.limits.defaults import BODY_SECONDS

MAX_FIELDS: Final = 100
LONGEST_SHOWN: Final = 254
FORM_TYPE: Final = "application/x-www-form-urlencoded"


class Fields:
    """Decoded fields of a form or a query string, in the order sent."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def names(self) -> set[str]:
        """Every field name."""
        return {name for name, _ in self._pairs}

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may be repeated. Raises `Invalid`, naming it, for malformed text."""
        return [_checked(value, name) for field, value in self._pairs if field == name]

    def one(self, name: str) -> str:
        """Return the value of a field, empty if absent. Raises `Invalid`, naming it, if repeated or malformed."""
        values = self.all(name)
        if len(values) > 1:
            raise Invalid("The field {field} was sent more than once.", values={"field": _shown(name)}, field=name)
        return values[0] if values else ""


def typed(fields: Fields, name: str) -> str:
    """Return what was typed into a field, cut to LONGEST_SHOWN characters to show it again; empty if malformed."""
    try:
        return fields.one(name)[:LONGEST_SHOWN]
    except Invalid:
        return ""


def parse_fields(encoded: bytes) -> Fields:
    """Parse a form body or query string. Raises `Invalid` if it has too many fields.

    Bytes that are not UTF-8 become lone surrogates, so that reading the field refuses them by name.
    """
    try:
        pairs = parse_qsl(
            encoded.decode("ascii", "surrogateescape"),
            keep_blank_values=True,
            max_num_fields=MAX_FIELDS,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except ValueError:
        raise Invalid("The form has more than {most} fields.", values={"most": MAX_FIELDS}) from None
    return Fields(pairs)


async def read_form(request: Request) -> Fields:
    """Return the fields of a posted form. Raises `Invalid` for other content types and incomplete bodies."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM_TYPE:
        raise Invalid("Send a form with the content type {type}.", values={"type": FORM_TYPE})
    return parse_fields(await read_whole_body(request))


class CsrfProtection:
    """Distinguishes our own forms from those of other sites, of another browser and of an earlier sign-in.

    Each form carries an HMAC of the hash of the browser's cookie, the form's purpose and the id of what it acts on.
    """

    def __init__(self, secret_key: SecretStr, origin: str) -> None:
        self._key = derive_key(secret_key, "forms")
        self._origin = origin

    def token(self, cookie: str, purpose: str, subject: str) -> str:
        """Return the token to put into a form."""
        return self._token(hash_of(cookie), purpose, subject)

    def accepts(self, request: Request, cookie: str, token: str, purpose: str, subject: str) -> bool:
        """Return whether the posted form is one that this browser was given, for this purpose.

        An Origin header must be our own (`null` is not); scripts that send none still need the token.
        """
        return self.accepts_earlier(request, hash_of(cookie), token, purpose, subject)

    def accepts_earlier(self, request: Request, cookie_hash: bytes, token: str, purpose: str, subject: str) -> bool:
        """Return what `accepts` does, for a cookie of which only the hash is known any more."""
        origins = request.headers.getlist("origin")
        if any(origin != self._origin for origin in origins):
            return False
        return hmac.compare_digest(self._token(cookie_hash, purpose, subject).encode(), token.encode())

    def _token(self, cookie_hash: bytes, purpose: str, subject: str) -> str:
        message = json.dumps([cookie_hash.hex(), purpose, subject]).encode()
        return hmac.digest(self._key, message, "sha256").hex()


def _checked(value: str, name: str) -> str:
    if "\0" in value:
        raise Invalid(
            "The field {field} contains a NUL character. Leave it out.", values={"field": _shown(name)}, field=name
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid(
            "The field {field} contains a broken character. Type it again.", values={"field": _shown(name)}, field=name
        ) from None
    return value


def _shown(name: str) -> str:
    """Return a field's name as a message may quote it: senders choose unknown names freely."""
    return name if name.isascii() and name.replace("_", "").isalnum() and len(name) <= 64 else "(unnamed)"


MAX_BODY: Final = 64 * 1024


async def read_whole_body(request: Request) -> bytes:
    """Return the body.

    Raises `Invalid` if it is cut off or takes longer than BODY_SECONDS, and `HTTPException` 413 if it has more than
    MAX_BODY bytes.
    """
    body = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    raise HTTPException(413, "Content Too Large")
            return bytes(body)
    except (ClientDisconnect, TimeoutError):
        raise Invalid("The request did not arrive completely, or not in time.") from None


LONGEST: Final = 500

# Every segment has a letter or digit, so it can be neither `//host` nor `/\host`, which browsers take for other hosts.
_LOCAL: Final = re.compile(r"(?:/[A-Za-z0-9_-]+)+(?:\?[A-Za-z0-9_=&.-]*)?")


def local_path(text: str, otherwise: str) -> str:
    """Return `text`, as from a parameter `next`, if it can only be a path of this service; else `otherwise`."""
    return text if len(text) <= LONGEST and _LOCAL.fullmatch(text) else otherwise
