"""Deleting an account, for good."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.alerts.settings_repository import delete_settings
from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection, Engine, transaction
from app.errors import Conflict
from app.households.members import leave, lock_members
from app.households.models import Membership
from app.households.repository import company_of, memberships_of
from app.households.tenant import MembersChanged
from app.lists.transfer.delete_household import delete_household
from app.oauth.grants.repository import needing, of_person, uncover_household
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.people.email_link_repository import end_links
from app.people.passkeys.repository import delete_passkeys
from app.people.repository import delete_identity
from app.people.session_repository import close_all_sessions, find_person_for_change
from app.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Farewell:
    """The households of somebody who leaves for good: those that go with them, those that others keep, and those that
    would have no owner."""

    alone: Sequence[Membership]
    shared: Sequence[Membership]
    ownerless: Sequence[Membership]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeletion:
    """Deletes the account of the person who is signed in with the `cookie`.

    Households of which they are the only person are deleted one by one, each in a transaction of its own, because a
    transaction sees the rows of one household. Then one transaction does the rest. If a household has changed
    meanwhile, nothing more happens, and the account is still there.
    """

    engine: Engine
    clock: Clock
    cookie: str
    person_id: UUID
    revocations: Callable[[], GrantRevocations]
    members_changed: MembersChanged

    async def delete(self) -> None:
        """Delete it. Raises `Conflict` while others depend on its owner, and if the session has ended."""
        async with transaction(self.engine) as connection:
            farewell = await look_ahead(connection, self.person_id)
        _refuse_ownerless(farewell)
        for each in farewell.alone:
            await self._delete_household(each)
        await self._leave_for_good()

    async def _delete_household(self, household: Membership) -> None:
        revocations, household_id = self.revocations(), household.household_id

        def notify() -> None:
            self.members_changed(household_id)
            revocations.publish()

        async with transaction(self.engine, household_id, write=True, committed=notify) as connection:
            now = self.clock()
            await self._still_signed_in(connection, now)
            await revocations.revoke(connection, needing(household_id), RevocationReason.ACCOUNT_DELETED, now)
            await uncover_household(connection, household_id)
            await lock_members(connection, household_id)
            company = (await company_of(connection, self.person_id)).get(household_id)
            if company is None or company.others:  # None: the button was pressed twice
                raise _changed()
            await delete_household(connection, household_id, household.name, now, by=self.person_id)

    async def _leave_for_good(self) -> None:
        revocations, left = self.revocations(), list[UUID]()

        def notify() -> None:
            for each in left:
                self.members_changed(each)
            revocations.publish()

        async with transaction(self.engine, committed=notify) as connection:
            now = self.clock()
            # Households are locked before people, as where somebody joins one, and in the order of their ids.
            for each in sorted(await memberships_of(connection, self.person_id), key=lambda each: each.household_id):
                await leave(connection, each.household_id, self.person_id, now, by=self.person_id)
                left.append(each.household_id)
            await self._still_signed_in(connection, now)
            if await memberships_of(connection, self.person_id):
                raise _changed()
            await revocations.revoke(connection, of_person(self.person_id), RevocationReason.ACCOUNT_DELETED, now)
            await delete_settings(connection, self.person_id)
            await delete_passkeys(connection, self.person_id)
            await end_links(connection, self.person_id)
            await close_all_sessions(connection, self.person_id)
            await delete_identity(connection, self.person_id)
            entry = AuditEntry(action=Action.ACCOUNT_DELETED, at=now, person_id=self.person_id)
            await record(connection, entry)

    async def _still_signed_in(self, connection: Connection, now: datetime) -> None:
        person = await find_person_for_change(connection, self.cookie, now)
        if person is None or person.id != self.person_id:
            raise Conflict("You have signed out meanwhile. Sign in again.")


async def look_ahead(connection: Connection, person_id: UUID) -> Farewell:
    """Return what becomes of a person's households when they leave for good."""
    memberships, company = await memberships_of(connection, person_id), await company_of(connection, person_id)
    alone = [each for each in memberships if not company[each.household_id].others]
    shared = [each for each in memberships if company[each.household_id].others]
    ownerless = [each for each in shared if each.role == "owner" and not company[each.household_id].owners]
    return Farewell(alone, shared, ownerless)


def _refuse_ownerless(farewell: Farewell) -> None:
    if farewell.ownerless:
        raise Conflict(
            "Others belong to a household that only you own. Make somebody an owner, or remove them first. Nothing was "
            "deleted."
        )


def _changed() -> Conflict:
    return Conflict("Your households have changed meanwhile. Look once more at what will go.")
