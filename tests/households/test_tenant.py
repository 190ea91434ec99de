"""Which household is meant, who may write in it, and that nothing but `open_tenant` makes a Tenant."""

import pytest
from sqlalchemy import text

from app.db import Engine, open_transaction, transaction
from app.errors import Ambiguous, NotFound, RoleRefused
from app.households.models import Membership
from app.households.repository import memberships_of
from app.households.tenant import Actor, Tenant, choose, open_tenant
from tests.factory import Connected, Factory

pytestmark = pytest.mark.anyio


@pytest.fixture
async def actor(engine: Engine, factory: Factory) -> Actor:
    """Ada, with a grant for her own household, the default, and for Bob's, where she only looks."""
    ada, home = await factory.person("Ada")
    _, cabin = await factory.person("Bob")
    await factory.join(ada, cabin, "viewer")
    return await acting(engine, await factory.connect(ada, home, cabin))


async def acting(engine: Engine, connected: Connected) -> Actor:
    """An actor for all households of a person."""
    async with transaction(engine) as connection:
        memberships = await memberships_of(connection, connected.person.id)
    return Actor(connected.person.id, "tests", connected.grant_id, tuple(memberships), connected.household_id)


def named(actor: Actor, name: str) -> Membership:
    return next(each for each in actor.memberships if each.name == name)


async def test_without_a_name_the_default_household_of_the_grant_is_used(engine: Engine, actor: Actor) -> None:
    async with open_tenant(engine, actor, None, write=True) as tenant:
        assert tenant.household_id == actor.default_household_id
        assert tenant.membership.name == "Ada's household"


async def test_without_its_default_household_a_grant_falls_back_to_another(actor: Actor) -> None:
    bobs = named(actor, "Bob's household")
    left = Actor(actor.person_id, actor.client_id, actor.grant_id, (bobs,), actor.default_household_id)
    assert choose(left, None) is bobs


@pytest.mark.parametrize("write", ["BOB'S HOUSEHOLD", "  bob's  household ", "the ref"])
async def test_a_household_is_found_by_name_in_any_case_and_by_ref(actor: Actor, write: str) -> None:
    bobs = named(actor, "Bob's household")
    assert choose(actor, bobs.ref.upper() if write == "the ref" else write) is bobs


async def test_a_household_named_like_the_ref_of_another_is_not_mistaken_for_it(
    engine: Engine, factory: Factory, actor: Actor
) -> None:
    ref = named(actor, "Bob's household").ref
    async with transaction(engine) as connection:
        rename = text("UPDATE households SET name = :name WHERE id = :id")
        await connection.execute(rename, {"name": ref, "id": actor.default_household_id})
        memberships = tuple(await memberships_of(connection, actor.person_id))
    renamed = Actor(actor.person_id, "tests", actor.grant_id, memberships, actor.default_household_id)
    assert choose(renamed, ref).name == "Bob's household"


async def test_a_household_that_is_not_covered_answers_like_one_that_does_not_exist(
    engine: Engine, factory: Factory, actor: Actor
) -> None:
    stranger = await acting(engine, await factory.connected("Eve"))
    theirs = stranger.memberships[0]
    answers: list[object] = []
    for name in (theirs.ref, theirs.name, str(theirs.household_id), "Nowhere", ""):
        with pytest.raises(NotFound) as refused:
            async with open_tenant(engine, actor, name, write=False):
                pass
        answers.append(refused.value.as_dict())
    assert answers == [answers[0]] * 5
    assert refused.value.field == "household"
    assert refused.value.candidates == [f"{each.name} ({each.ref})" for each in actor.memberships]


async def test_two_households_of_one_name_are_told_apart_by_ref(engine: Engine, factory: Factory) -> None:
    ada, home = await factory.person("Ada")
    _, flat = await factory.person("Ada")
    await factory.join(ada, flat, "editor")
    actor = await acting(engine, await factory.connect(ada, home, flat))
    with pytest.raises(Ambiguous) as refused:
        choose(actor, "ada's household")
    answer = refused.value.as_dict()
    assert (answer["code"], answer["field"]) == ("ambiguous", "household")
    assert answer["candidates"] == [f"Ada's household ({each.ref})" for each in actor.memberships]
    for each in actor.memberships:
        assert choose(actor, each.ref) is each


async def test_a_viewer_can_read_but_not_write(engine: Engine, actor: Actor) -> None:
    async with open_tenant(engine, actor, "Bob's household", write=False) as tenant:
        assert (await tenant.driver.fetchval("SELECT count(*) FROM lists")) == 1
    with pytest.raises(RoleRefused) as refused:
        async with open_tenant(engine, actor, "Bob's household", write=True):
            pass
    assert refused.value.code == "role"


async def test_a_tenant_sees_the_rows_of_its_household_and_no_others(engine: Engine, actor: Actor) -> None:
    for membership in actor.memberships:
        async with open_tenant(engine, actor, membership.ref, write=False) as tenant:
            found = await tenant.driver.fetch("SELECT household_id FROM lists")
            assert [row["household_id"] for row in found] == [tenant.household_id]


async def test_a_tenant_cannot_be_made_by_hand(engine: Engine, actor: Actor) -> None:
    async with open_transaction(engine, actor.default_household_id) as opened:
        for proof in (None, object(), True):
            with pytest.raises(TypeError, match="open_tenant"):
                Tenant(opened, actor, actor.memberships[0], proof)
