"""The cache of grants: entries live for two seconds, end with a notification, and are never mixed up."""

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.access import grant_cache
from app.access.authenticator import Authenticator
from app.access.grant_cache import GrantCache
from app.db import new_id, transaction
from app.db.embedded import DatabaseUrls
from app.limits.rate_limit import RateLimiter
from app.oauth.external.trusted_issuers import embedded_issuer
from app.oauth.grants.repository import by_id, revoke_grants
from app.oauth.tables import grants
from app.oauth.tokens.verifier import LEEWAY, TokenVerifier
from app.pubsub import GrantEnded, MembersChanged, PubSub
from app.settings import Settings
from tests.clock import MovableClock
from tests.db.looking import change
from tests.factory import Connected, Factory
from tests.pubsub.conftest import Heard

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pubsub(database: DatabaseUrls) -> AsyncGenerator[PubSub]:
    pubsub = PubSub(database.service)
    async with pubsub.running():
        yield pubsub


class Asked:
    """An `Authenticator` with its cache, and the grants that it asked the database for."""

    def __init__(self, factory: Factory, settings: Settings, pubsub: PubSub, clock: MovableClock) -> None:
        self.known = GrantCache(pubsub, clock=clock)
        self.engine = factory.engine
        limits = RateLimiter(enabled=settings.limits)
        verifier = TokenVerifier(settings.resource, [embedded_issuer(settings.issuer, factory.keys)])
        self.authenticate = Authenticator(factory.engine, verifier, self.known, limits, clock=clock)

    async def lets_in(self, who: Connected) -> bool:
        """Whether the token is valid; assert that the caller is then its person, in their own household."""
        caller = await self.authenticate(who.token, "192.0.2.1")
        if caller is None:
            return False
        assert (caller.actor.person_id, caller.actor.grant_id) == (who.person.id, who.grant_id)
        assert [each.household_id for each in caller.actor.memberships] == [who.household_id]
        return True

    async def revoke_silently(self, who: Connected, clock: MovableClock) -> None:
        """Revoke a grant in the database without a notification."""
        async with transaction(self.engine) as connection:
            assert await revoke_grants(connection, by_id(who.grant_id), "test", clock())


@pytest.fixture
async def asked(factory: Factory, settings: Settings, pubsub: PubSub, clock: MovableClock) -> Asked:
    await factory.keys.load()
    return Asked(factory, settings, pubsub, clock)


@pytest.mark.proves("""rs-grant-cache-bound MUST own rule
    An unheard revocation lives on for two seconds at most, and nothing is cached without a listener.
    Here: Grants are kept for two seconds and only while notifications arrive.""")
async def test_without_a_notification_a_revoked_grant_works_for_two_seconds_at_most(
    asked: Asked, ada: Connected, clock: MovableClock
) -> None:
    assert await asked.lets_in(ada)
    await asked.revoke_silently(ada, clock)
    clock.move(seconds=1.9)
    assert await asked.lets_in(ada)
    clock.move(seconds=0.1)
    assert not await asked.lets_in(ada)


async def test_a_clock_that_goes_back_keeps_nothing_longer(asked: Asked, ada: Connected, clock: MovableClock) -> None:
    assert await asked.lets_in(ada)
    await asked.revoke_silently(ada, clock)
    clock.move(hours=-1)
    assert not await asked.lets_in(ada)


async def test_a_caller_whose_token_has_expired_meanwhile_is_refused(
    asked: Asked, ada: Connected, clock: MovableClock
) -> None:
    caller = await asked.authenticate(ada.token, "192.0.2.1")
    assert caller is not None
    clock.move(seconds=(caller.expires_at + LEEWAY - clock()).total_seconds() - 1)
    assert await asked.authenticate.revalidate(caller) is not None
    clock.move(seconds=1)
    assert await asked.authenticate.revalidate(caller) is None


ENDINGS: list[Callable[[PubSub, Connected], None]] = [
    lambda pubsub, who: pubsub.grant_ended(who.grant_id),
    lambda pubsub, who: pubsub.publish(MembersChanged(who.household_id)),
]


@pytest.mark.parametrize("notify", ENDINGS)
async def test_a_notification_in_this_process_takes_effect_at_once_and_for_that_grant_only(
    asked: Asked,
    factory: Factory,
    ada: Connected,
    pubsub: PubSub,
    clock: MovableClock,
    notify: Callable[[PubSub, Connected], None],
) -> None:
    eve = await factory.connected("Eve")
    for who in (ada, eve):
        assert await asked.lets_in(who)
        await asked.revoke_silently(who, clock)
    notify(pubsub, ada)
    assert not await asked.lets_in(ada)
    assert await asked.lets_in(eve)  # her grant was not named


@pytest.mark.proves("""rs-grant-other-process MUST own rule
    Other processes learn of a revocation at once.
    Here: It is a notification that is never coalesced with others.""")
async def test_a_notification_from_another_process_takes_effect_when_it_arrives(
    asked: Asked, ada: Connected, pubsub: PubSub, clock: MovableClock, database: DatabaseUrls
) -> None:
    heard, elsewhere = Heard(), PubSub(database.service)
    assert await asked.lets_in(ada)
    await asked.revoke_silently(ada, clock)
    async with elsewhere.running():
        with pubsub.listening(heard, [ada.grant_id]):
            elsewhere.grant_ended(ada.grant_id)
            assert await heard.next() == GrantEnded(ada.grant_id)
    assert not await asked.lets_in(ada)
    heard.close()


@pytest.mark.proves("rs-grant-cache-bound")
async def test_nothing_is_cached_while_notifications_do_not_arrive(
    factory: Factory, settings: Settings, database: DatabaseUrls, ada: Connected, clock: MovableClock
) -> None:
    asked = Asked(factory, settings, PubSub(database.service), clock)
    assert await asked.lets_in(ada)
    await asked.revoke_silently(ada, clock)
    assert not await asked.lets_in(ada)


async def test_a_grant_that_is_revoked_while_it_is_read_is_not_cached(
    asked: Asked, ada: Connected, pubsub: PubSub, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = asked.known.keep

    def keep_late(*args: object) -> None:
        pubsub.grant_ended(ada.grant_id)
        keep(*args)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    with monkeypatch.context() as patch:
        patch.setattr(asked.known, "keep", keep_late)
        assert await asked.lets_in(ada)
    await asked.revoke_silently(ada, clock)
    assert not await asked.lets_in(ada)


async def test_a_grant_is_not_cached_beyond_its_expiry(
    asked: Asked, ada: Connected, clock: MovableClock, database: DatabaseUrls
) -> None:
    ends_at = clock.now + timedelta(seconds=1)
    await change(database.owner, update(grants).where(grants.c.id == ada.grant_id).values(expires_at=ends_at))
    clock.move(milliseconds=999)
    assert await asked.lets_in(ada)
    clock.move(milliseconds=1)
    assert asked.known.find(ada.grant_id) is None
    assert not await asked.lets_in(ada)


async def test_the_grants_read_longest_ago_make_room(
    asked: Asked, factory: Factory, ada: Connected, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grant_cache, "MOST_GRANTS", 1)
    eve = await factory.connected("Eve")
    assert await asked.lets_in(ada)
    assert await asked.lets_in(eve)
    assert asked.known.find(ada.grant_id) is None
    assert asked.known.find(eve.grant_id) is not None
    assert asked.known.find(new_id()) is None
