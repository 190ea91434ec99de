"""Members and invitations: who may change what, and that a household always keeps an owner."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

import anyio
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.db import Engine, new_id, transaction
from app.errors import AppError, Conflict, Invalid, LimitReached, NotFound, RoleRefused
from app.households import invitations, members
from app.households.invitation_repository import open_invitations
from app.households.members import MEMBERS
from app.households.models import InvitedRole, Role
from app.households.repository import memberships_of
from app.people.models import Person
from tests.clock import MovableClock
from tests.factory import Factory
from tests.households.home import AnyHome

pytestmark = pytest.mark.anyio


class Home(AnyHome):
    """A household, and what its people do there with invitations and roles."""

    async def invite(self, by: Person, role: InvitedRole = "editor", hours: int = 24, uses: int = 1) -> str:
        async with transaction(self.engine) as connection:
            made = await invitations.invite(connection, self.id, role, self.clock(), by=by.id, hours=hours, uses=uses)
        return made.code

    async def accept(self, code: str, person: Person) -> None:
        async with transaction(self.engine) as connection:
            await invitations.accept(connection, code, person.id, self.clock())

    async def change_role(self, by: Person, person: Person, role: Role) -> None:
        async with transaction(self.engine) as connection:
            await members.change_role(connection, self.id, person.id, role, self.clock(), by=by.id)

    async def leave(self, by: Person, person: Person) -> bool:
        async with transaction(self.engine) as connection:
            return await members.leave(connection, self.id, person.id, self.clock(), by=by.id)

    async def open_invitations(self) -> int:
        async with transaction(self.engine) as connection:
            return len(await open_invitations(connection, self.id, self.clock()))


@pytest.fixture
async def ada(factory: Factory) -> Person:
    return (await factory.person("Ada"))[0]


@pytest.fixture
async def bob(factory: Factory) -> Person:
    return (await factory.person("Bob"))[0]


@pytest.fixture
async def home(engine: Engine, factory: Factory, ada: Person, clock: MovableClock) -> Home:
    """A household of which Ada is the owner, beside the one of her own."""
    founder, household_id = await factory.person("Founder")
    await factory.join(ada, household_id, "owner")
    async with transaction(engine) as connection:
        await members.leave(connection, household_id, founder.id, clock(), by=founder.id)
    return Home(engine, household_id, clock)


async def test_an_invitation_makes_whoever_has_its_code_a_member(home: Home, ada: Person, bob: Person) -> None:
    code = await home.invite(ada, "viewer")
    assert len(code.replace("-", "")) == 16
    await home.accept(code, bob)
    assert await home.roles() == {ada.id: "owner", bob.id: "viewer"}


def in_lower_case(code: str) -> str:
    return code.lower()


def with_spaces(code: str) -> str:
    return f" {code.replace('-', ' ')}\n"


def with_letters_for_digits(code: str) -> str:
    return code.replace("0", "o").replace("1", "l")


@pytest.mark.parametrize("typed", [in_lower_case, with_spaces, with_letters_for_digits])
async def test_a_code_works_however_it_was_heard_and_typed(
    home: Home, ada: Person, bob: Person, typed: Callable[[str], str]
) -> None:
    await home.accept(typed(await home.invite(ada)), bob)
    assert (await home.roles())[bob.id] == "editor"


@pytest.mark.parametrize("code", ["", "K7QM", "0" * 16, "U" * 16, "💥" * 16, "\0" * 16, "9" * 100_000, "\ud800" * 16])
async def test_a_code_that_nobody_was_given_opens_nothing(home: Home, bob: Person, code: str) -> None:
    with pytest.raises(NotFound) as refused:
        await home.accept(code, bob)
    assert refused.value.field == "code"


async def test_an_invitation_ends_with_its_uses_and_its_hours_and_when_it_is_withdrawn(
    home: Home, ada: Person, bob: Person, factory: Factory, clock: MovableClock
) -> None:
    once, brief, withdrawn = await home.invite(ada), await home.invite(ada, hours=1), await home.invite(ada)
    await home.accept(once, bob)
    async with transaction(home.engine) as connection:
        newest = (await open_invitations(connection, home.id, clock()))[0]
        await invitations.withdraw(connection, home.id, newest.id, clock(), by=ada.id)
    clock.move(hours=1)
    eve, _ = await factory.person("Eve")
    for code in (once, brief, withdrawn):
        with pytest.raises(NotFound):
            await home.accept(code, eve)
    assert eve.id not in await home.roles()


async def test_an_invitation_for_one_makes_one_member_of_many_at_once(
    home: Home, ada: Person, factory: Factory
) -> None:
    code = await home.invite(ada)
    outcomes: list[str] = []

    async def try_to_join(person: Person) -> None:
        try:
            await home.accept(code, person)
        except NotFound:
            outcomes.append("refused")
        else:
            outcomes.append("joined")

    people = [(await factory.person(f"Guest{number}"))[0] for number in range(6)]
    async with anyio.create_task_group() as tasks:
        for person in people:
            tasks.start_soon(try_to_join, person)
    assert sorted(outcomes) == ["joined"] + ["refused"] * 5
    assert len(await home.roles()) == 2


async def test_a_member_uses_nothing_up_but_can_be_given_more(home: Home, ada: Person, bob: Person) -> None:
    look, change = await home.invite(ada, "viewer"), await home.invite(ada, "editor")
    await home.accept(look, bob)
    await home.accept(change, bob)
    assert (await home.roles())[bob.id] == "editor"
    again = await home.invite(ada, "viewer")
    await home.accept(again, bob)
    await home.accept(again, ada)
    assert await home.roles() == {ada.id: "owner", bob.id: "editor"}
    assert await home.open_invitations() == 1


@pytest.mark.parametrize(
    ("hours", "uses", "field"), [(0, 1, "hours"), (721, 1, "hours"), (1, 0, "uses"), (1, 21, "uses")]
)
async def test_hours_and_uses_are_bounded(home: Home, ada: Person, hours: int, uses: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await home.invite(ada, hours=hours, uses=uses)
    assert refused.value.field == field


async def test_invitations_members_and_households_are_bounded(
    home: Home, ada: Person, bob: Person, factory: Factory, engine: Engine, clock: MovableClock
) -> None:
    code = await home.invite(ada, uses=20)
    for _ in range(invitations.OPEN_INVITATIONS - 1):
        await home.invite(ada)
    with pytest.raises(LimitReached):
        await home.invite(ada)
    for number in range(MEMBERS - 1):
        person, _ = await factory.person(f"Member{number}")
        await factory.join(person, home.id, "viewer")
    with pytest.raises(LimitReached, match="50 members"):
        await home.accept(code, bob)


async def test_a_person_is_in_a_bounded_number_of_households(
    home: Home, ada: Person, bob: Person, factory: Factory
) -> None:
    code = await home.invite(ada)
    for number in range(members.HOUSEHOLDS_OF_PERSON - 1):
        _, household_id = await factory.person(f"Host{number}")
        await factory.join(bob, household_id, "viewer")
    with pytest.raises(LimitReached, match="20 households"):
        await home.accept(code, bob)


async def test_a_person_who_joins_many_households_at_once_is_in_a_bounded_number(
    engine: Engine, factory: Factory, clock: MovableClock, bob: Person
) -> None:
    codes: list[tuple[Home, str]] = []
    for number in range(members.HOUSEHOLDS_OF_PERSON + 4):
        host, household_id = await factory.person(f"Host{number}")
        home = Home(engine, household_id, clock)
        codes.append((home, await home.invite(host)))

    async def try_to_join(home: Home, code: str) -> None:
        with suppress(LimitReached):
            await home.accept(code, bob)

    async with anyio.create_task_group() as tasks:
        for home, code in codes:
            tasks.start_soon(try_to_join, home, code)
    async with transaction(engine) as connection:
        assert len(await memberships_of(connection, bob.id)) == members.HOUSEHOLDS_OF_PERSON


@pytest.mark.parametrize("role", ["editor", "viewer"])
async def test_only_owners_invite_and_change_and_remove_others(
    home: Home, ada: Person, bob: Person, factory: Factory, role: Role
) -> None:
    eve, _ = await factory.person("Eve")
    await factory.join(bob, home.id, role)
    await factory.join(eve, home.id, "viewer")
    stranger, _ = await factory.person("Mallory")
    attempts: list[Callable[[Person], Awaitable[object]]] = [
        lambda who: home.invite(who),
        lambda who: home.change_role(who, who, "owner"),
        lambda who: home.change_role(who, eve, "owner"),
        lambda who: home.leave(who, eve),
        lambda who: home.leave(who, ada),
    ]
    for who in (bob, stranger):
        for attempt in attempts:
            with pytest.raises(RoleRefused):
                await attempt(who)
    assert await home.roles() == {ada.id: "owner", bob.id: role, eve.id: "viewer"}


async def test_the_only_owner_stays_one_until_there_is_another(
    home: Home, ada: Person, bob: Person, factory: Factory
) -> None:
    await factory.join(bob, home.id, "editor")
    for attempt in (home.change_role(ada, ada, "viewer"), home.leave(ada, ada)):
        with pytest.raises(Conflict, match="needs an owner"):
            await attempt
    await home.change_role(ada, bob, "owner")
    assert await home.leave(ada, ada)
    assert await home.roles() == {bob.id: "owner"}


async def test_two_owners_who_leave_at_once_leave_one_behind(
    home: Home, ada: Person, bob: Person, factory: Factory
) -> None:
    await factory.join(bob, home.id, "owner")
    refused: list[Person] = []

    async def leave(person: Person) -> None:
        try:
            await home.leave(person, person)
        except Conflict:
            refused.append(person)

    async with anyio.create_task_group() as tasks:
        for person in (ada, bob):
            tasks.start_soon(leave, person)
    assert list((await home.roles()).values()) == ["owner"]
    assert len(refused) == 1


async def test_what_an_owner_invited_with_ends_with_their_ownership(
    home: Home, ada: Person, bob: Person, factory: Factory
) -> None:
    await factory.join(bob, home.id, "owner")
    eve, _ = await factory.person("Eve")
    for end in (lambda: home.change_role(ada, bob, "editor"), lambda: home.leave(ada, bob)):
        await home.change_role(ada, bob, "owner")
        code = await home.invite(bob)
        await end()
        with pytest.raises(NotFound):
            await home.accept(code, eve)
    assert await home.roles() == {ada.id: "owner"}


async def test_a_code_does_not_bring_back_what_an_owner_took_away(
    home: Home, ada: Person, bob: Person, factory: Factory
) -> None:
    """Bob knows the code of an invitation for several people."""
    for take_away in (lambda: home.change_role(ada, bob, "viewer"), lambda: home.leave(ada, bob)):
        code = await home.invite(ada, "editor", uses=5)
        await home.accept(code, bob)
        await take_away()
        remains = await home.roles()
        with pytest.raises(NotFound):
            await home.accept(code, bob)
        assert await home.roles() == remains
        assert remains.get(bob.id) != "editor"
    look = await home.invite(ada, "viewer", uses=5)
    await home.accept(look, bob)
    await home.leave(bob, bob)
    await home.accept(look, (await factory.person("Eve"))[0])
    assert len(await home.roles()) == 2, "who leaves by themselves, or stays a viewer, ends nothing"


async def test_nobody_is_removed_who_is_no_member(home: Home, ada: Person, bob: Person) -> None:
    assert not await home.leave(ada, bob)
    with pytest.raises(NotFound):
        await home.change_role(ada, bob, "editor")


Step = tuple[str, int, int, Role]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["invite", "accept", "change", "leave"]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(["owner", "editor", "viewer"]),
    ),
    max_size=25,
)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_no_sequence_ends_without_an_owner_or_lets_somebody_in_uninvited(
    engine: Engine, factory: Factory, clock: MovableClock, steps: list[Step]
) -> None:
    """Four people do anything in any order, compared with a plain account of who may be what."""
    people, household_id, expected = await factory.four_people("owner")
    home = Home(engine, household_id, clock)
    founder = next(iter(expected))
    codes: list[tuple[str, InvitedRole, UUID]] = []
    for what, one, other, role in steps:
        actor, target = people[one], people[other]
        is_owner = expected.get(actor.id) == "owner"
        last = [each for each, held in expected.items() if held == "owner"] == [target.id]
        try:
            if what == "invite":
                invited: InvitedRole = "viewer" if role == "viewer" else "editor"
                codes.append((await home.invite(actor, invited), invited, actor.id))
                assert is_owner
            elif what == "accept":
                code, invited, inviter = codes[other % len(codes)] if codes else ("0" * 16, "viewer", founder)
                held = expected.get(actor.id)
                await home.accept(code, actor)
                assert expected.get(inviter) == "owner"
                if held is None or (held, invited) == ("viewer", "editor"):
                    codes = [each for each in codes if each[0] != code]
                    expected[actor.id] = invited
            elif what == "change":
                await home.change_role(actor, target, role)
                assert is_owner
                assert not (last and role != "owner")
                expected[target.id] = role
            elif await home.leave(actor, target):
                assert is_owner or actor == target
                assert not last
                del expected[target.id]
        except AppError:
            pass
        codes = [each for each in codes if expected.get(each[2]) == "owner"]
        assert await home.roles() == expected
        assert "owner" in expected.values()


async def test_a_household_that_does_not_exist_has_no_owner_to_act(
    engine: Engine, clock: MovableClock, ada: Person
) -> None:
    with pytest.raises(RoleRefused):
        await Home(engine, new_id(), clock).invite(ada)
