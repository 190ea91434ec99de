"""Who is calling: the person, client and grant behind a bearer token."""

from dataclasses import dataclass
from datetime import datetime

from app.households.tenant import Actor
from app.resources import Resource


class AccessEnded(Exception):
    """The caller of a request lost their access while it waited."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: who acts, with which scopes (implied ones included), for which resource, until when."""

    actor: Actor
    issuer: str
    scopes: frozenset[str]
    resource: Resource
    expires_at: datetime
