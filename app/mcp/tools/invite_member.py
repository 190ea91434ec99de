"""The tool `invite_member`."""

from typing import Any

from pydantic import Field

from app.households.invitations import LONGEST_HOURS, MOST_USES, invite
from app.households.models import InvitedRole
from app.households.tenant import Tenant
from app.mcp.spec import Hints, LinkResult, ToolArguments, ToolSpec, image_content
from app.runtime.clock import system_clock
from app.scopes import HOUSEHOLD_MANAGE
from app.ui.paths import join_path
from app.ui.qr_code import qr_png

# Not `WriteArguments`: the first answer of a call with an idempotency key is kept, and this one holds a secret.


class Arguments(ToolArguments):
    """What the invitation is for, and for how long."""

    role: InvitedRole = Field(default="editor", description="editor changes lists, viewer only reads them")
    hours: int = Field(default=48, description="How long it works", ge=1, le=LONGEST_HOURS)
    uses: int = Field(default=1, description="For how many people", ge=1, le=MOST_USES)


class Result(LinkResult):
    """An invitation."""

    code: str = Field(description="The same as a code, to read aloud")
    role: str
    uses: int
    expires_at: str

    def in_words(self) -> str:
        """One line of prose."""
        people = "one person" if self.uses == 1 else f"{self.uses} people"
        return f"Invitation for {people} as {self.role}, until {self.expires_at}: {self.link} (code {self.code})"

    def touched(self) -> int:
        """How many invitations were made."""
        return 1

    def content(self, structured: str) -> list[dict[str, Any]]:
        """Also the link as a QR code."""
        return [*super().content(structured), image_content(qr_png(self.link), "image/png")]


async def invite_member(tenant: Tenant, arguments: Arguments) -> Result:
    """Makes an invitation to the household: a link, a code and a QR code. Whoever opens the link and signs in can join.
    Only an owner can do this; it is shown once, and withdrawn on the household's page."""
    made = await invite(
        tenant.connection,
        tenant.household_id,
        arguments.role,
        system_clock(),
        by=tenant.actor.person_id,
        hours=arguments.hours,
        uses=arguments.uses,
    )
    return Result(
        link=join_path(made.code),
        code=made.code,
        role=made.role,
        uses=made.uses,
        expires_at=made.expires_at.isoformat(timespec="minutes"),
    )


INVITE_MEMBER = ToolSpec(
    invite_member,
    Arguments,
    Result,
    title="Invite to the household",
    scopes=frozenset({HOUSEHOLD_MANAGE}),
    hints=Hints(read_only=False, destructive=False, idempotent=False),
)
