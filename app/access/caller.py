"""Who is calling: the person, client and grant behind a bearer token."""

from dataclasses import dataclass
from datetime import datetime

from app.households.tenant import Actor


@dataclass(frozen=True, slots=True)
class Caller:
    """A proven caller: who acts, with which scopes (contained ones included), and until when the token is good."""

    actor: Actor
    issuer: str
    scopes: frozenset[str]
    expires_at: datetime
