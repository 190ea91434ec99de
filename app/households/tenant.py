"""Tenant: a transaction together with a household that the caller was proven to belong to.

Everything that touches a household's data demands one, and only this module can make one.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.db import Connection, Engine, OpenTransaction, open_transaction
from app.db.engine import Driver
from app.errors import NotFound, RoleRefused
from app.households.finding import labels, matching, several
from app.households.models import Membership

_PROOF: Final = object()

ListsChanged = Callable[[UUID, Mapping[UUID, int]], None]
"""Called after the commit with the lists of a household that changed and their new revisions. Must not raise."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through what: a person, the client they use, and the grant they gave it.

    `memberships` are the households that the grant covers and the person belongs to today; never empty.
    """

    person_id: UUID
    client_id: str
    grant_id: UUID
    memberships: tuple[Membership, ...]
    default_household_id: UUID


@dataclass(frozen=True, slots=True)
class Tenant:
    """One open transaction in one household."""

    transaction: OpenTransaction = field(repr=False)
    actor: Actor
    membership: Membership
    _proof: object = field(repr=False)
    _changed: dict[UUID, int] = field(default_factory=dict[UUID, int], repr=False)

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

    def note_change(self, list_id: UUID, rev: int) -> None:
        """Note that this transaction gave a list a new revision, so that its subscribers are notified."""
        self._changed[list_id] = rev


@asynccontextmanager
async def open_tenant(
    engine: Engine, actor: Actor, household: str | None, *, write: bool, lists_changed: ListsChanged | None = None
) -> AsyncGenerator[Tenant]:
    """Open a transaction in the named household, or the grant's default one; it commits at the end of the block.

    `lists_changed` is called after the commit with what `Tenant.note_change` noted.
    Raises `NotFound` or `Ambiguous` for the name (a household that is not covered gets the same answer as one that does
    not exist), `RoleRefused` if a viewer wants to write, `Unavailable` without the database.
    """
    membership = choose(actor, household)
    if write and membership.role == "viewer":
        raise RoleRefused("You can look at this household but not change it. One of its owners can make you an editor.")
    async with _opened(engine, actor, membership, write=write, lists_changed=lists_changed) as tenant:
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
async def _opened(
    engine: Engine, actor: Actor, membership: Membership, *, write: bool, lists_changed: ListsChanged | None
) -> AsyncGenerator[Tenant]:
    changed: dict[UUID, int] = {}

    def notify() -> None:
        if changed and lists_changed is not None:
            lists_changed(membership.household_id, changed)

    async with open_transaction(engine, membership.household_id, write=write, committed=notify) as opened:
        yield Tenant(opened, actor, membership, _PROOF, changed)


def choose(actor: Actor, household: str | None) -> Membership:
    """Return the membership that a name or ref means; the default one for None."""
    if household is None:
        default = (found for found in actor.memberships if found.household_id == actor.default_household_id)
        return next(default, actor.memberships[0])
    return named(actor.memberships, household)


def named(memberships: Sequence[Membership], household: str) -> Membership:
    """Return the membership that a name or ref means. Raises `NotFound` and `Ambiguous` with candidates."""
    found = matching(memberships, household)
    if not found:
        raise NotFound(
            "There is no household with that name. Use one of the candidates, or leave it out.",
            field="household",
            candidates=labels(memberships),
        )
    if len(found) > 1:
        raise several(found)
    return found[0]
