"""The tool `get_overview`."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, Field, WithJsonSchema

from app.errors import NotFound
from app.households import repository as households
from app.households.guest_repository import links_of
from app.households.members import find_member
from app.households.tenant import Tenant
from app.lists import repository as lists
from app.lists.models import ShoppingList
from app.mcp.argument_types import OBJECT, OBJECTS
from app.mcp.prose import shown_name, some_of
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.runtime.clock import system_clock
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """Only the household."""


class PersonView(BaseModel):
    """Someone of the household."""

    name: str
    role: str


class GuestView(BaseModel):
    """Someone without an account who was given a link to a list."""

    name: str
    list: str
    may: str
    until: str


class HouseholdView(BaseModel):
    """A household that this connection covers."""

    name: str
    ref: str
    role: str = Field(description="My role: owner, editor or viewer")
    currency: str | None = None
    locale: str | None = None
    time_zone: str | None = None


class ListView(BaseModel):
    """A list and how much is on it."""

    ref: str
    name: str
    open: int = Field(description="Items to buy")
    checked: int = Field(description="Items bought")
    waiting: int | None = Field(default=None, description="Items whose day is yet to come")
    rev: int
    store: str | None = None
    currency: str | None = None
    category_order: Sequence[str] | None = None
    archived: bool | None = None


class Result(ToolResult):
    """Who and where I am, and what lists there are."""

    me: Annotated[PersonView, WithJsonSchema(OBJECT)]
    household: Annotated[HouseholdView, WithJsonSchema(OBJECT)]
    other_households: Annotated[list[HouseholdView], WithJsonSchema(OBJECTS)] | None = None
    default_list: str | None = Field(default=None, description="Ref of the list meant when none is named")
    lists: Annotated[list[ListView], WithJsonSchema(OBJECTS)] = Field(
        description="Each with ref, name, rev, number of items and what is set of it"
    )
    more_lists: int | None = Field(default=None, description="Not shown")
    members: Annotated[list[PersonView], WithJsonSchema(OBJECTS)]
    guests: Annotated[Sequence[GuestView], WithJsonSchema(OBJECTS)] | None = Field(
        default=None, description="Who sees one list by a link"
    )

    def in_words(self) -> str:
        """The lists: `Home: Groceries (12 open, 3 bought), Hardware (0 open, 1 bought). Members: Ann, Ben.`"""
        lists = [f"{shown_name(each.name)} ({each.open} open, {each.checked} bought)" for each in self.lists]
        members = some_of([shown_name(each.name) for each in self.members])
        total = len(lists) + (self.more_lists or 0)
        return f"{shown_name(self.household.name)}: {some_of(lists, total) or 'no lists'}. Members: {members}."

    def shortened(self, share: float) -> Self:
        """Leave out the orders of categories, then all but that share of the lists."""
        if any(each.category_order is not None for each in self.lists):
            plain = [each.model_copy(update={"category_order": None}) for each in self.lists]
            return self.model_copy(update={"lists": plain})
        kept = self.lists[: max(1, int(len(self.lists) * share))]
        if len(kept) == len(self.lists):
            return self
        more = (self.more_lists or 0) + len(self.lists) - len(kept)
        return self.model_copy(update={"lists": kept, "more_lists": more})

    def touched(self) -> int:
        """How many lists are shown."""
        return len(self.lists)


async def get_overview(tenant: Tenant, arguments: Arguments) -> Result:
    """Shows the household, its members, and its shopping lists with the number of open items on each. Useful to
    learn which lists exist."""
    members = await households.members_of(tenant.connection, tenant.household_id)
    found = await lists.all_lists(tenant)
    default = await lists.find_default_list(tenant)
    mine = tenant.membership
    others = [each for each in tenant.actor.memberships if each is not mine]
    me = find_member(members, tenant.actor.person_id)
    if me is None:  # removed since the call was let in
        raise NotFound("You are no longer a member of this household.", field="household")
    return Result(
        me=PersonView(name=me.name, role=me.role),
        household=HouseholdView(
            name=mine.name,
            ref=mine.ref,
            role=mine.role,
            currency=mine.currency,
            locale=mine.locale,
            time_zone=mine.time_zone,
        ),
        other_households=[HouseholdView(name=each.name, ref=each.ref, role=each.role) for each in others] or None,
        default_list=default.ref if default is not None else None,
        lists=[_list_view(each) for each in found],
        members=[PersonView(name=each.name, role=each.role) for each in members],
        guests=await _guests(tenant, found) or None,
    )


def _list_view(on: ShoppingList) -> ListView:
    return ListView(
        ref=on.ref,
        name=on.name,
        open=on.open_items - on.waiting_items,
        checked=on.checked_items,
        waiting=on.waiting_items or None,
        rev=on.rev,
        store=on.store,
        currency=on.currency,
        category_order=on.category_order or None,
        archived=True if on.archived_at is not None else None,
    )


async def _guests(tenant: Tenant, among: Sequence[ShoppingList]) -> list[GuestView]:
    refs = {each.id: each.ref for each in among}
    zone = tenant.membership.zone
    links = await links_of(tenant.connection, tenant.household_id, system_clock())
    return [
        GuestView(
            name=each.name,
            list=refs[each.list_id],
            may=each.may,
            until=each.expires_at.astimezone(zone).isoformat(timespec="minutes"),
        )
        for each in links
        if each.list_id in refs
    ]


GET_OVERVIEW = ToolSpec(
    get_overview,
    Arguments,
    Result,
    title="Show household and lists",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
