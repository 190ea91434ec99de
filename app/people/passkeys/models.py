"""Passkeys, and what browsers are asked for."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from urllib.parse import urlsplit
from uuid import UUID

Purpose = Literal["sign_in", "second_step", "confirm", "add"]
"""What a challenge is for: an answer to one is none to another."""

PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of a person: its key pair's public half, in COSE, and how often its device says that it was used."""

    id: UUID
    person_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This service as authenticators know it: passkeys belong to the host `id`, and work on pages of `origin` only."""

    id: str
    origin: str


def relying_party(public_url: str) -> RelyingParty | None:
    """Return the relying party of a service at this address; None where browsers have no passkeys.

    They have them over https and on localhost, and never for a bare network address (WebAuthn section 5.1.2).
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https" and host != "localhost":
        return None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return RelyingParty(host, f"{parts.scheme}://{parts.netloc}")
    return None
