"""The tool `join_household`."""

from pydantic import Field

from app.households.invitations import find_by_code, spelled
from app.households.tenant import Tenant
from app.mcp.prose import shown_name
from app.mcp.spec import Hints, LinkResult, ToolArguments, ToolSpec
from app.runtime.clock import system_clock
from app.scopes import LISTS_READ
from app.ui.paths import join_path


class Arguments(ToolArguments):
    """The invitation."""

    code: str = Field(description="Code of the invitation", max_length=100)


class Result(LinkResult):
    """What an invitation is to, and where to accept it."""

    household_name: str
    invited_by: str
    role: str
    expires_at: str

    def in_words(self) -> str:
        """One line of prose."""
        return (
            f"{shown_name(self.invited_by)} invites to {shown_name(self.household_name)}, as {self.role}. "
            f"The person accepts it at {self.link}"
        )

    def touched(self) -> int:
        """How many invitations are shown."""
        return 1


async def join_household(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows what household a code invites to, and the page where the person accepts it. Joining doesn't let this app
    see that household: for that, the person disconnects the app and connects it again."""
    found = await find_by_code(tenant.connection, arguments.code, system_clock())
    return Result(
        link=join_path(spelled(arguments.code)),
        household_name=found.household_name,
        invited_by=found.invited_by,
        role=found.role,
        expires_at=found.expires_at.astimezone(tenant.membership.zone).isoformat(timespec="minutes"),
    )


JOIN_HOUSEHOLD = ToolSpec(
    join_household,
    Arguments,
    Result,
    title="Show an invitation",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It shows what an invitation is to; joining happens on a page.",
    ),
)
