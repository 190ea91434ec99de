"""An entry of the audit record. It holds no content and no secrets."""

from dataclasses import field, fields
from datetime import datetime
from enum import StrEnum
from typing import Final, get_args, get_type_hints
from uuid import UUID

from app.db import new_id
from app.records import record

OK: Final = "ok"


class Action(StrEnum):
    """What was done; docs/audit.md says when each is recorded."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    RESET_LINK_MADE = "reset_link_made"
    ADDRESS_VERIFIED = "address_verified"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_REQUIRED = "passkey_required"
    SECOND_STEP_ENDED = "second_step_ended"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    ACCOUNT_DELETED = "account_deleted"
    MEMBERSHIP_CHANGED = "membership_changed"
    INVITATION_MADE = "invitation_made"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    GUEST_LINK_MADE = "guest_link_made"
    GUEST_LINK_ENDED = "guest_link_ended"
    GUEST_KEY_MADE = "guest_key_made"
    GUEST_TICKED = "guest_ticked"
    LIST_CHANGED = "list_changed"
    HOUSEHOLD_CHANGED = "household_changed"
    HOUSEHOLD_EXPORTED = "household_exported"
    HOUSEHOLD_IMPORTED = "household_imported"
    HOUSEHOLD_DELETED = "household_deleted"
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
    GRANT_CONTESTED = "grant_contested"
    GRANT_REVOKED = "grant_revoked"
    GRANT_WIDENED = "grant_widened"
    KEY_MADE = "key_made"
    KEY_ROTATED = "key_rotated"
    ACCESS_REFUSED = "access_refused"
    TOOL_CALLED = "tool_called"
    RESOURCE_READ = "resource_read"
    PROMPT_READ = "prompt_read"
    ENTRIES_LOST = "entries_lost"


@record(kw_only=True)
class AuditEntry:
    """One row of the record.

    `person_id` acted; `other_person_id` is the person it was done to, if that is somebody else. `outcome` is `ok` or an
    error code, `detail` a few words (scopes, a role, a reason), `email_hash` the result of `AuditLog.email_hash`,
    `touched` how many things a call changed or showed. `times` is above one where a row stands for several refusals.
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


FIELDS: Final = tuple(each.name for each in fields(AuditEntry))
"""The names of an entry's fields, which are those of the columns too."""

_TYPES: Final = get_type_hints(AuditEntry)


def type_of(name: str) -> type:
    """Return the type of a field's values: `str`, `int`, `UUID` or `datetime`."""
    annotation = _TYPES[name]
    return next((each for each in get_args(annotation) if each is not type(None)), annotation)
