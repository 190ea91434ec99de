"""The tool `invite_member`."""

from typing import Any, Final, Literal, Self

from pydantic import Field, PrivateAttr

from app.errors import Invalid
from app.households import guests
from app.households.invitations import LONGEST_HOURS, MOST_USES, invite
from app.households.models import GuestMay
from app.households.tenant import Tenant
from app.lists.shared_list import share_list
from app.mcp.prose import shown_name
from app.mcp.spec import Hints, LinkResult, ToolArguments, ToolSpec, image_content
from app.runtime.clock import system_clock
from app.scopes import HOUSEHOLD_MANAGE
from app.ui.paths import guest_path, join_path
from app.ui.qr_code import qr_png

DEFAULT_HOURS: Final = 48

# Not `WriteArguments`: the first answer of a call with an idempotency key is kept, and this one holds a secret.


class Arguments(ToolArguments):
    """What the invitation is for, and for how long; or which list a guest sees."""

    role: Literal["editor", "viewer", "guest"] = Field(
        default="editor", description="editor changes lists, viewer reads them, guest sees one list without an account"
    )
    name: str | None = Field(default=None, description="Who the guest is", max_length=200)
    list: str | None = Field(default=None, description="The guest's list; default list if left out", max_length=200)
    can_tick: bool = Field(default=False, description="Guest may check items off")
    hours: int | None = Field(
        default=None,
        description=f"How long it works: {DEFAULT_HOURS} if left out, at most {LONGEST_HOURS}; "
        f"guest: {guests.DEFAULT_HOURS}, {guests.LONGEST_HOURS}",
        ge=1,
        le=guests.LONGEST_HOURS,
    )
    uses: int | None = Field(default=None, description="For how many people; 1 if left out", ge=1, le=MOST_USES)


class Result(LinkResult):
    """An invitation, or the link of a guest."""

    code: str | None = Field(default=None, description="The same as a code, to read aloud")
    role: str
    list: str | None = None
    uses: int | None = None
    expires_at: str
    _list_name: str = PrivateAttr(default="")

    def about(self, list_name: str) -> Self:
        """Return this result, with the name of the guest's list."""
        self._list_name = list_name
        return self

    @property
    def _until(self) -> str:
        """The end as people read it, in the household's time zone: `2026-12-01 20:13`."""
        return self.expires_at[:16].replace("T", " ")

    def in_words(self) -> str:
        """One line of prose."""
        if self.uses is None:
            return f"Link for a guest to {shown_name(self._list_name)}, until {self._until}: {self.link}"
        people = "one person" if self.uses == 1 else f"{self.uses} people"
        return f"Invitation for {people} as {self.role}, until {self._until}: {self.link} (code {self.code})"

    def touched(self) -> int:
        """How many invitations were made."""
        return 1

    def content(self, structured: str) -> "list[dict[str, Any]]":
        """Also the link as a QR code."""
        return [*super().content(structured), image_content(qr_png(self.link), "image/png")]


async def invite_member(tenant: Tenant, arguments: Arguments) -> Result:
    """Makes an invitation to the household: a link, a code and a QR code. Whoever opens the link and signs in can join;
    only an owner can invite. With role=guest, for editors too, whoever opens the link sees one list. It is shown once,
    and ended on the household's page."""
    if arguments.role == "guest":
        return await _share(tenant, arguments)
    if arguments.name is not None or arguments.list is not None or arguments.can_tick:
        raise Invalid("name, list and can_tick are for role=guest: members see every list.", field="role")
    made = await invite(
        tenant.connection,
        tenant.household_id,
        arguments.role,
        system_clock(),
        by=tenant.actor.person_id,
        hours=arguments.hours or DEFAULT_HOURS,
        uses=arguments.uses or 1,
    )
    return Result(
        link=join_path(made.code),
        code=made.code,
        role=made.role,
        uses=made.uses,
        expires_at=made.expires_at.astimezone(tenant.membership.zone).isoformat(timespec="minutes"),
    )


async def _share(tenant: Tenant, arguments: Arguments) -> Result:
    if arguments.name is None:
        raise Invalid("name is missing: by it the household tells its guests apart, such as Grandma.", field="name")
    if arguments.uses is not None:
        raise Invalid("A guest's link has no number of uses; leave uses out.", field="uses")
    may: GuestMay = "tick" if arguments.can_tick else "look"
    hours = arguments.hours or guests.DEFAULT_HOURS
    made, shared = await share_list(tenant, arguments.list, arguments.name, may, system_clock(), hours=hours)
    result = Result(
        link=guest_path(made.code),
        role="guest",
        list=shared.ref,
        expires_at=made.expires_at.astimezone(tenant.membership.zone).isoformat(timespec="minutes"),
    )
    return result.about(shared.name)


INVITE_MEMBER = ToolSpec(
    invite_member,
    Arguments,
    Result,
    title="Invite to the household",
    scopes=frozenset({HOUSEHOLD_MANAGE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="It makes an invitation, or a link for a guest, which can be withdrawn; each call makes another one.",
    ),
)
