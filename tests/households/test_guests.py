"""Guests' links: who makes and ends them, what they end with, and that they make nobody a member."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.db import Engine, new_id, transaction
from app.errors import AppError, Invalid, NotFound, RoleRefused
from app.households import guests, members
from app.households.guest_repository import links_of
from app.households.guests import actor_of, find_by_code
from app.households.models import GuestMay, Role
from app.households.retention import delete_ended_guest_links
from app.households.tenant import open_tenant, prove_household
from app.people.models import Person
from app.people.repository import find_some_people
from tests.clock import MovableClock
from tests.factory import Factory
from tests.households.home import AnyHome

pytestmark = pytest.mark.anyio

LIST = UUID(int=1)


class Home(AnyHome):
    """A household, and what its people do there with guests' links."""

    async def share(self, by: Person, may: GuestMay = "look", hours: int = 24) -> str:
        async with transaction(self.engine) as connection:
            made = await guests.make_link(
                connection, self.id, LIST, "Grandma", may, self.clock(), by=by.id, hours=hours
            )
        return made.code

    async def end(self, by: Person, code: str) -> None:
        async with transaction(self.engine) as connection:
            link = await find_by_code(connection, code, self.clock())
            await guests.end_link(connection, self.id, link.id, self.clock(), by=by.id)

    async def works(self, code: str) -> bool:
        async with transaction(self.engine) as connection:
            try:
                await find_by_code(connection, code, self.clock())
            except NotFound:
                return False
        return True


@pytest.fixture
async def anna(factory: Factory) -> Person:
    return (await factory.person("Anna"))[0]


@pytest.fixture
async def home(engine: Engine, factory: Factory, anna: Person, clock: MovableClock) -> Home:
    """A household that Anna owns."""
    async with transaction(engine) as connection:
        [row] = (await connection.exec_driver_sql("SELECT household_id FROM memberships")).all()
    return Home(engine, row[0], clock)


@pytest.mark.parametrize("hours", [0, -1, 8761, 10**9])
async def test_a_link_works_for_an_hour_to_a_year(home: Home, anna: Person, hours: int) -> None:
    with pytest.raises(Invalid) as refused:
        await home.share(anna, hours=hours)
    assert refused.value.field == "hours"
    code = await home.share(anna, hours=8760)
    home.clock.move(days=364)
    assert await home.works(code)
    home.clock.move(days=1)
    assert not await home.works(code)


async def test_a_guest_opens_nothing_that_is_not_for_guests(home: Home, anna: Person) -> None:
    code = await home.share(anna, "tick")
    async with transaction(home.engine) as connection:
        link = await find_by_code(connection, code, home.clock())
    for ticks in (False, True):
        actor = actor_of(link, ticks=ticks)
        assert (actor.is_guest, actor.only_list, actor.memberships[0].name) == (True, LIST, "")
        for write in (False, True):
            with pytest.raises(RoleRefused, match="Guests see one list"):
                prove_household(home.engine, actor, None, write=write)
            with pytest.raises(RoleRefused, match="Guests see one list"):
                async with open_tenant(home.engine, actor, link.household_ref, write=write):
                    pass
    with pytest.raises(RoleRefused):
        prove_household(home.engine, actor_of(link), None, write=True, for_guests=True)
    with pytest.raises(NotFound):
        prove_household(home.engine, actor_of(link), "hzzzzzzzzz", write=False, for_guests=True)


async def test_a_member_is_not_let_in_where_guests_are(home: Home, anna: Person, factory: Factory) -> None:
    connected = await factory.connect(anna, home.id)
    async with transaction(home.engine) as connection:
        link = await find_by_code(connection, await home.share(anna), home.clock())
    actor = actor_of(link)
    member = type(actor)(anna.id, "client", connected.grant_id, actor.memberships, home.id)
    with pytest.raises(RoleRefused, match="for guests"):
        prove_household(home.engine, member, None, write=False, for_guests=True)


async def test_expired_links_are_deleted_with_their_keys_and_the_name_in_the_history_stays(
    home: Home, anna: Person
) -> None:
    async with transaction(home.engine) as connection:
        await guests.make_key(connection, await home.share(anna), home.clock())
    kept = await home.share(anna, hours=48)
    home.clock.move(hours=25)
    assert await delete_ended_guest_links(home.engine, home.clock()) == 1
    assert await home.works(kept)
    async with transaction(home.engine) as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM guest_keys")).scalar() == 0
        names = (await connection.exec_driver_sql("SELECT name FROM people ORDER BY name")).scalars().all()
        assert list(names) == ["Anna", "Grandma (guest)", "Grandma (guest)"]
        assert await find_some_people(connection, limit=9) == [anna.id], "no desktop app starts as a guest"


Step = tuple[str, int, int, Role, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["share", "share", "end", "change", "leave", "wait"]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(["owner", "editor", "viewer"]),
        st.integers(1, 30),
    ),
    max_size=25,
)


@pytest.mark.proves("gu-ends", "gu-no-join")
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_links_live_as_long_as_those_who_made_them_may_share_and_make_nobody_a_member(
    engine: Engine, factory: Factory, clock: MovableClock, steps: list[Step]
) -> None:
    """Four people do anything in any order, compared with a plain account of who may be what and which links live."""
    people, household_id, expected = await factory.four_people("owner", "editor")
    home = Home(engine, household_id, clock)
    live: dict[str, tuple[UUID, int]] = {}
    ended: list[str] = []
    passed = 0
    for what, one, other, role, hours in steps:
        actor, target = people[one], people[other]
        may_share = expected.get(actor.id) in ("owner", "editor")
        try:
            if what == "share":
                live[await home.share(actor, hours=hours)] = (actor.id, passed + hours)
                assert may_share
            elif what == "end" and live:
                code = [*live][other % len(live)]
                await home.end(actor, code)
                assert may_share
                del live[code]
                ended.append(code)
            elif what == "change":
                async with transaction(engine) as connection:
                    await members.change_role(connection, household_id, target.id, role, clock(), by=actor.id)
                expected[target.id] = role
            elif what == "leave":
                async with transaction(engine) as connection:
                    if await members.leave(connection, household_id, target.id, clock(), by=actor.id):
                        del expected[target.id]
            elif what == "wait":
                clock.move(hours=hours)
                passed += hours
        except AppError:
            pass
        gone = [
            code
            for code, (maker, until) in live.items()
            if until <= passed or expected.get(maker) not in ("owner", "editor")
        ]
        for code in gone:
            del live[code]
        ended += gone
        assert [await home.works(code) for code in live] == [True] * len(live)
        assert [await home.works(code) for code in ended] == [False] * len(ended)
        assert await home.roles() == expected
        async with transaction(engine) as connection:
            assert len(await links_of(connection, household_id, clock())) == len(live)


async def test_a_household_that_does_not_exist_shares_nothing(
    engine: Engine, clock: MovableClock, anna: Person
) -> None:
    with pytest.raises(RoleRefused):
        await Home(engine, new_id(), clock).share(anna)
