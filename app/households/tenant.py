"""Tenant: a transaction together with a household that the caller was proven to belong to.

Everything that touches a household's data demands one, or a `ProvenHousehold` for what takes a single message, and only
this module can make them.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from app.db import Connection, Engine, OpenTransaction, new_id, open_transaction
from app.db.engine import Driver
from app.db.transactions import Revalidate, Rows, fetch_alone, set_household, store_alone, take_turn
from app.errors import NotFound, RoleRefused
from app.households.finding import labels, meant, several
from app.households.models import Membership
from app.limits.concurrency import Taken

_PROOF: Final = object()

NOT_FOR_GUESTS: Final = "Guests see one list, and nothing else of the household."
ONLY_FOR_GUESTS: Final = "This is for guests; members of a household use its other addresses."

ListsChanged = Callable[[UUID, Mapping[UUID, int], Collection[UUID]], None]
"""Called after the commit with the lists of a household that changed and their new revisions, and with those among them
of which not only items changed. Must not raise."""


MembersChanged = Callable[[UUID], None]
"""Called after the commit with a household whose members or their roles changed. Must not raise."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through what: a person, the client they use, and the grant they gave it.

    `memberships` are the households that the grant covers and the person belongs to today; never empty.
    A guest, who belongs to none, sees nothing of the one here but the list `only_list`.
    """

    person_id: UUID
    client_id: str
    grant_id: UUID
    memberships: tuple[Membership, ...]
    default_household_id: UUID
    only_list: UUID | None = None

    @property
    def is_guest(self) -> bool:
        """Whether this is a guest: a person without an account who has a link to one list."""
        return self.only_list is not None


@dataclass(slots=True)
class _Noted:
    """What a transaction changes that others are told about after its commit."""

    lists: dict[UUID, int] = field(default_factory=dict[UUID, int])
    themselves: set[UUID] = field(default_factory=set[UUID])
    members: bool = False


@dataclass(frozen=True, slots=True)
class Tenant:
    """One open transaction in one household."""

    transaction: OpenTransaction = field(repr=False)
    actor: Actor
    membership: Membership
    _proof: object = field(repr=False)
    _noted: _Noted = field(default_factory=_Noted, repr=False)

    def __post_init__(self) -> None:
        if self._proof is not _PROOF:
            raise TypeError("a Tenant comes from open_tenant(), which proves the household")

    @property
    def driver(self) -> Driver:
        """The connection, for constant SQL."""
        return self.transaction.driver

    @property
    def connection(self) -> Connection:
        """The connection for SQLAlchemy Core."""
        return self.transaction.connection

    @property
    def household_id(self) -> UUID:
        """The proven household."""
        return self.membership.household_id

    @property
    def today(self) -> date:
        """The day that it is in the household's time zone."""
        return self.membership.today

    def note_change(self, list_id: UUID, rev: int, *, itself: bool = False) -> None:
        """Note that this transaction gave a list a new revision, so that its subscribers are notified.

        With `itself`, not only items on it changed: it was made, renamed or deleted, say.
        """
        self._noted.lists[list_id] = rev
        if itself:
            self._noted.themselves.add(list_id)

    def note_members(self) -> None:
        """Note that this transaction changed who belongs to the household, or a role, so that access is looked at
        again in every process."""
        self._noted.members = True


@dataclass(frozen=True, slots=True)
class ProvenHousehold:
    """A household that the caller was proven to belong to, for statements that are a transaction of their own."""

    engine: Engine = field(repr=False)
    actor: Actor
    membership: Membership
    _lists_changed: ListsChanged | None = field(repr=False)
    _members_changed: MembersChanged | None = field(repr=False)
    _revalidate: Revalidate | None = field(repr=False)
    _proof: object = field(repr=False)

    def __post_init__(self) -> None:
        if self._proof is not _PROOF:
            raise TypeError("a ProvenHousehold comes from prove_household()")

    @property
    def household_id(self) -> UUID:
        """The proven household."""
        return self.membership.household_id

    @property
    def today(self) -> date:
        """The day that it is in the household's time zone."""
        return self.membership.today

    @property
    def takes_one_message(self) -> bool:
        """Whether the database can do without `open`."""
        return self.engine.takes_one_message

    def open(self, *, write: bool) -> AbstractAsyncContextManager[Tenant]:
        """Open a transaction in it, as `open_tenant` does."""
        return _opened(
            self.engine,
            self.actor,
            self.membership,
            write=write,
            lists_changed=self._lists_changed,
            members_changed=self._members_changed,
            revalidate=self._revalidate,
        )

    async def revalidate(self) -> None:
        """Check the caller again after work that took long. Raises what refuses the caller now."""
        if self._revalidate is not None:
            await self._revalidate(None)

    async def take_turn(self) -> Taken:
        """Wait for the turn to write here; it ends when what is returned is closed. Raises `Unavailable`, and what
        `revalidate` raises if it had to be waited for."""
        return await take_turn(self.household_id, self._revalidate)

    async def fetch(self, statement: str, *values: object) -> Rows:
        """Return the rows of a statement that only reads: it begins with `CONTEXT`, and its $1 is the household.

        Raises `Unavailable` without the database.
        """
        return await fetch_alone(self.engine, self.household_id, statement, *values)

    async def store(self, statement: str, *values: object, changed: Callable[[Rows], Mapping[UUID, int]]) -> Rows:
        """Send a statement that stores all of a change or nothing: it begins with `WRITE_CONTEXT`, and its $1 is the
        household. Return its rows; there are none when another process is writing here. Needs the turn.

        `changed` returns the lists that changed, by the rows, with their new revisions; it must not raise.
        Raises `Unavailable` without the database.
        """

        def notify(rows: Rows) -> Rows:
            if (lists := changed(rows)) and self._lists_changed is not None:
                self._lists_changed(self.household_id, lists, ())
            return rows

        return await store_alone(
            self.engine, self.household_id, statement, *values, stored=notify, revalidate=self._revalidate
        )


def prove_household(
    engine: Engine,
    actor: Actor,
    household: str | None,
    *,
    write: bool,
    lists_changed: ListsChanged | None = None,
    members_changed: MembersChanged | None = None,
    revalidate: Revalidate | None = None,
    for_guests: bool = False,
) -> ProvenHousehold:
    """Return the named household, or the grant's default one. Raises as `open_tenant` does.

    `lists_changed` and `members_changed` are called after the commit of what changed them, and `revalidate` when a
    write has waited: it raises what refuses the caller by then.
    """
    # Whatever is not made for guests refuses them, so that nothing has to remember to.
    if actor.is_guest != for_guests:
        raise RoleRefused(NOT_FOR_GUESTS if actor.is_guest else ONLY_FOR_GUESTS)
    membership = choose(actor, household)
    if write and membership.role == "viewer":
        raise RoleRefused("You can look at this household but not change it. One of its owners can make you an editor.")
    return ProvenHousehold(engine, actor, membership, lists_changed, members_changed, revalidate, _PROOF)


@asynccontextmanager
async def open_tenant(
    engine: Engine,
    actor: Actor,
    household: str | None,
    *,
    write: bool,
    lists_changed: ListsChanged | None = None,
    members_changed: MembersChanged | None = None,
    for_guests: bool = False,
) -> AsyncGenerator[Tenant]:
    """Open a transaction in the named household, or the grant's default one; it commits at the end of the block.

    `lists_changed` and `members_changed` are called after the commit with what the `Tenant` was told. `for_guests` is
    for what shows a guest nothing but the list `only_list` of the actor.
    Raises `NotFound` or `Ambiguous` for the name (a household that is not covered gets the same answer as one that does
    not exist), `RoleRefused` if a viewer wants to write, and for guests unless this is for them, and `Unavailable`
    without the database.
    """
    proven = prove_household(
        engine,
        actor,
        household,
        write=write,
        lists_changed=lists_changed,
        members_changed=members_changed,
        for_guests=for_guests,
    )
    async with proven.open(write=write) as tenant:
        yield tenant


SERVICE: Final = UUID(int=0)
"""Stands for a person and a grant where the service acts by itself: none has this id."""


@asynccontextmanager
async def open_for_service(
    engine: Engine, household_id: UUID, *, write: bool, lists_changed: ListsChanged | None = None
) -> AsyncGenerator[Tenant]:
    """Open a transaction in a household for what the service does by itself, never on behalf of a person.

    Raises `Unavailable` without the database.
    """
    membership = Membership(household_id, name="", ref="", role="owner", currency="", locale="")
    actor = Actor(SERVICE, "service", SERVICE, (membership,), household_id)
    async with _opened(engine, actor, membership, write=write, lists_changed=lists_changed) as tenant:
        yield tenant


@asynccontextmanager
async def new_household(tenant: Tenant) -> AsyncGenerator[UUID]:
    """Let the block write the first rows of a household that does not exist yet, in the transaction of another one."""
    household_id = new_id()
    await set_household(tenant.driver, household_id)
    yield household_id
    await set_household(tenant.driver, tenant.household_id)


@asynccontextmanager
async def _opened(
    engine: Engine,
    actor: Actor,
    membership: Membership,
    *,
    write: bool,
    lists_changed: ListsChanged | None,
    members_changed: MembersChanged | None = None,
    revalidate: Revalidate | None = None,
) -> AsyncGenerator[Tenant]:
    noted = _Noted()

    def notify() -> None:
        if noted.lists and lists_changed is not None:
            lists_changed(membership.household_id, noted.lists, noted.themselves)
        if noted.members and members_changed is not None:
            members_changed(membership.household_id)

    async with open_transaction(
        engine, membership.household_id, write=write, committed=notify, revalidate=revalidate if write else None
    ) as opened:
        yield Tenant(opened, actor, membership, _PROOF, noted)


def deleted() -> NotFound:
    """Return what refuses a call whose household another process has deleted meanwhile."""
    return NotFound("This household was deleted.", field="household")


def choose(actor: Actor, household: str | None) -> Membership:
    """Return the membership that a name or ref means; the default one for None."""
    if household is None:
        default = (found for found in actor.memberships if found.household_id == actor.default_household_id)
        return next(default, actor.memberships[0])
    return named(actor.memberships, household)


def named(memberships: Sequence[Membership], household: str) -> Membership:
    """Return the membership that a name or ref means. Raises `NotFound` and `Ambiguous` with candidates."""
    found = meant(memberships, household)
    if not found:
        raise NotFound(
            "There is no household with that name. Use one of the candidates, or leave it out.",
            field="household",
            candidates=labels(memberships),
        )
    if len(found) > 1:
        raise several(found)
    return found[0]
