"""The tool `update_member`."""

from typing import Literal

from pydantic import Field

from app.errors import NotFound
from app.households import members
from app.households.finding import named_member
from app.households.repository import members_of
from app.households.tenant import Tenant
from app.mcp.spec import Hints, ToolSpec, WriteArguments, WriteResult
from app.runtime.clock import system_clock
from app.scopes import HOUSEHOLD_MANAGE


class Arguments(WriteArguments):
    """Who, and what they are to be."""

    person: str = Field(description="Member's name or ref, or me", max_length=200)
    role: Literal["owner", "editor", "viewer", "remove"] = Field(description="New role; remove ends the membership")


class Result(WriteResult):
    """What a member is now."""

    person: str
    ref: str
    role: str | None = Field(default=None, description="Role now; absent: no longer a member")
    was: str

    def in_words(self) -> str:
        """One line of prose."""
        return f"{self.ref} was {self.was} and is {self.role or 'no longer a member'} now."

    def touched(self) -> int:
        """How many members were changed."""
        return 0 if self.role == self.was else 1


async def update_member(tenant: Tenant, arguments: Arguments) -> Result:
    """Changes the role of a member, as an owner, or removes them, which ends their access at once; everybody can remove
    themselves. A household keeps at least one owner."""
    found = await members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    member = named_member(found, arguments.person)
    connection, household_id, now, by = tenant.connection, tenant.household_id, system_clock(), tenant.actor.person_id
    if arguments.role == "remove":
        if not await members.leave(connection, household_id, member.person_id, now, by=by):
            raise NotFound("That person is not a member any more.", field="person")
    else:
        await members.change_role(connection, household_id, member.person_id, arguments.role, now, by=by)
    tenant.note_members()
    role = None if arguments.role == "remove" else arguments.role
    return Result(person=member.name, ref=member.ref, role=role, was=member.role)


UPDATE_MEMBER = ToolSpec(
    update_member,
    Arguments,
    Result,
    for_viewers=True,
    title="Change a member",
    scopes=frozenset({HOUSEHOLD_MANAGE}),
    hints=Hints(read_only=False, destructive=True, idempotent=True),
)
