"""The tool `update_member`."""

from typing import Literal

from pydantic import Field

from app.errors import Invalid, NotFound
from app.households import guest_repository, guests, members
from app.households.finding import named_member
from app.households.models import GuestLink
from app.households.repository import members_of
from app.households.tenant import Tenant
from app.mcp.prose import shown_name
from app.mcp.spec import Hints, ToolSpec, WriteArguments, WriteResult
from app.runtime.clock import system_clock
from app.scopes import HOUSEHOLD_MANAGE


class Arguments(WriteArguments):
    """Who, and what they are to be."""

    person: str = Field(description="Member's or guest's name or ref, or me", max_length=200)
    role: Literal["owner", "editor", "viewer", "remove"] = Field(
        description="New role; remove ends the membership, or a guest's link"
    )


class Result(WriteResult):
    """What a member is now."""

    person: str
    ref: str
    role: str | None = Field(default=None, description="Role now; absent: no longer a member")
    was: str

    def in_words(self) -> str:
        """One line of prose."""
        name = shown_name(self.person)
        if self.role is None:
            return f"{name} has no access any more (was {self.was})."
        return f"{name} is {self.role} now (was {self.was})."

    def touched(self) -> int:
        """How many members were changed."""
        return 0 if self.role == self.was else 1


async def update_member(tenant: Tenant, arguments: Arguments) -> Result:
    """Changes the role of a member, as an owner, or removes them, which ends their access at once; everybody can remove
    themselves. A household keeps at least one owner."""
    connection, household_id, now, by = tenant.connection, tenant.household_id, system_clock(), tenant.actor.person_id
    found = await members_of(connection, household_id, by)
    links = await guest_repository.links_of(connection, household_id, now)
    member = named_member([*found, *links], arguments.person)
    if isinstance(member, GuestLink):
        return await _end_link(tenant, arguments, member)
    if arguments.role == "remove":
        if not await members.leave(connection, household_id, member.person_id, now, by=by):
            raise NotFound("That person is no longer a member.", field="person")
    else:
        await members.change_role(connection, household_id, member.person_id, arguments.role, now, by=by)
    tenant.note_members()
    role = None if arguments.role == "remove" else arguments.role
    return Result(person=member.name, ref=member.ref, role=role, was=member.role)


async def _end_link(tenant: Tenant, arguments: Arguments, link: GuestLink) -> Result:
    if arguments.role != "remove":
        raise Invalid("A guest has no role. invite_member makes a link to join the household.", field="role")
    now = system_clock()
    await guests.end_link(tenant.connection, tenant.household_id, link.id, now, by=tenant.actor.person_id)
    tenant.note_members()
    return Result(person=link.name, ref=link.ref, was="guest")


UPDATE_MEMBER = ToolSpec(
    update_member,
    Arguments,
    Result,
    for_viewers=True,
    title="Change a member",
    scopes=frozenset({HOUSEHOLD_MANAGE}),
    hints=Hints(
        read_only=False,
        destructive=True,
        idempotent=True,
        why="A member who is removed needs a new invitation, and undo does not bring them back.",
    ),
)
