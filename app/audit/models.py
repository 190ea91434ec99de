"""What is recorded of one happening: who, through what, where, and what came of it. Never content, never a secret."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.db import new_id

OK: Final = "ok"


class Action(StrEnum):
    """What happened; docs/audit.md says when each is recorded."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    RESET_LINK_MADE = "reset_link_made"
    ADDRESS_VERIFIED = "address_verified"
    MEMBERSHIP_CHANGED = "membership_changed"
    CLIENT_REGISTERED = "client_registered"
    CLIENT_REMOVED = "client_removed"
    CONSENT = "consent"
    GRANT_MADE = "grant_made"
    CODE_REDEEMED = "code_redeemed"
    TOKEN_ISSUED = "token_issued"  # noqa: S105
    TOKEN_REFRESHED = "token_refreshed"  # noqa: S105
    TOKEN_REPLAYED = "token_replayed"  # noqa: S105
    TOKEN_REFUSED = "token_refused"  # noqa: S105
    TOKEN_INTROSPECTED = "token_introspected"  # noqa: S105
    GRANT_REVOKED = "grant_revoked"
    KEY_MADE = "key_made"
    KEY_ROTATED = "key_rotated"
    ACCESS_REFUSED = "access_refused"
    TOOL_CALLED = "tool_called"
    ENTRIES_LOST = "entries_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One row of the record.

    `person_id` is who acted, `other_person_id` whom it was done to where that is somebody else. `outcome` is `ok` or a
    code of ours, `detail` a few words of ours (scopes, a role, a reason), `email_hash` what `AuditLog.email_hash` makes
    of an address, `duration_ms` milliseconds, `touched` how many things a call changed or showed. `times` is more than
    one where a row stands for several refusals.
    """

    action: str
    at: datetime
    outcome: str = OK
    person_id: UUID | None = None
    other_person_id: UUID | None = None
    client_id: str | None = None
    grant_id: UUID | None = None
    household_id: UUID | None = None
    tool: str | None = None
    detail: str | None = None
    address: str | None = None
    email_hash: str | None = None
    duration_ms: int | None = None
    touched: int | None = None
    times: int = 1
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry with its place in the chain and its seal."""

    entry: AuditEntry
    no: int
    seal: bytes


FIELDS: Final = tuple(each.name for each in fields(AuditEntry))
"""The names of an entry's fields, which are those of the columns too."""
