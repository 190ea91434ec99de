"""A tool call as the audit record tells it: who called what where, what came of it, how long it took; no content."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.access.caller import Caller
from app.audit.log import AuditLog
from app.audit.models import OK, Action, AuditEntry

CANCELLED: Final = "cancelled"
FAULT: Final = "fault"
REPLAYED: Final = "replayed"
UNKNOWN_TOOL: Final = "unknown_tool"
SCOPE_MISSING: Final = "insufficient_scope"


@dataclass(slots=True)
class CallRecord:
    """What is known of a call so far. Until its end is known, it counts as one that was cancelled."""

    outcome: str = CANCELLED
    household_id: UUID | None = None
    touched: int | None = None

    def done(self, touched: int, outcome: str = OK) -> None:
        """It ran to its end; `touched` things were changed or shown."""
        self.outcome, self.touched = outcome, touched

    def refused(self, outcome: str) -> None:
        """Nothing came of it."""
        self.outcome, self.touched = outcome, None


@contextmanager
def recorded(audit: AuditLog, caller: Caller, tool: str | None, address: str | None) -> Generator[CallRecord]:
    """Note the call in the audit log when the block ends, however it ends. Costs no message to the database."""
    call = CallRecord()
    started = time.perf_counter()
    try:
        yield call
    finally:
        audit.note(
            AuditEntry(
                action=Action.TOOL_CALLED,
                at=audit.now(),
                outcome=call.outcome,
                person_id=caller.actor.person_id,
                client_id=caller.actor.client_id,
                grant_id=caller.actor.grant_id,
                household_id=call.household_id,
                tool=tool,
                address=address,
                duration_ms=round((time.perf_counter() - started) * 1000),
                touched=call.touched,
            )
        )
