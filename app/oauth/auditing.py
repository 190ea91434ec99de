"""What the authorization server records: each happening with its moment and the address that it came from."""

from typing import Any

from starlette.requests import Request

from app.audit.models import Action, AuditEntry
from app.oauth.context import ServerContext
from app.oauth.grants.revocation import GrantRevocations
from app.runtime.addresses import known_address
from app.runtime.requests import client_address
from app.ui.forms import Fields, typed


def entry_of(server: ServerContext, request: Request, action: Action, **known: Any) -> AuditEntry:
    """An entry about a request; `known` are fields of `Entry`."""
    return AuditEntry(action=action, at=server.clock(), address=known_address(client_address(request)), **known)


def endings_of(server: ServerContext, request: Request) -> GrantRevocations:
    """The grants that a request ends."""
    return GrantRevocations(server.grant_revoked, known_address(client_address(request)))


def refused(server: ServerContext, request: Request, action: Action, outcome: str, **known: Any) -> None:
    """Have it recorded that something was refused; many refusals of one source become one row."""
    server.audit.refuse(entry_of(server, request, action, outcome=outcome, **known))


def email_hash_of(server: ServerContext, fields: Fields) -> str | None:
    """What is recorded of the address that was typed into a form."""
    email = typed(fields, "email")
    return server.audit.email_hash(email) if email else None
