"""Tokens that were verified before: what can still end them."""

from datetime import timedelta

import pytest

from app.db import Engine
from app.oauth.external.trusted_issuers import embedded_issuer
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens import verifier as claims_cache
from app.oauth.tokens.claims import Claims
from app.oauth.tokens.verifier import LEEWAY, ClaimsCache, TokenVerifier
from app.settings import Settings
from tests.clock import MovableClock
from tests.factory import Factory

pytestmark = pytest.mark.anyio


@pytest.mark.proves("""rs-exp MUST OAuth 2.1 §5.2; RFC 9068 §4
    An expired token is refused.
    Here: `exp` is required and checked with 60 s leeway, also for tokens that were verified before.""")
async def test_a_token_expires_whether_it_was_seen_before_or_not(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    factory = Factory(engine, settings)
    ada = await factory.connected("Ada")
    verifier = TokenVerifier(settings.resource, [embedded_issuer(settings.issuer, factory.keys)], clock=clock)
    claims = await verifier.verify(ada.token)
    assert claims is not None
    assert await verifier.verify(ada.token) is claims  # this time from memory
    clock.now = claims.exp + LEEWAY - timedelta(seconds=1)
    assert await verifier.verify(ada.token) is claims
    clock.move(seconds=1)
    assert await verifier.verify(ada.token) is None


@pytest.mark.proves("""rs-cache-key-withdrawn MUST own rule
    A withdrawn signing key ends tokens that were seen before.
    Here: The key is looked up at every call.""")
async def test_a_withdrawn_key_ends_the_tokens_that_were_seen_before(engine: Engine, settings: Settings) -> None:
    factory = Factory(engine, settings)
    ada = await factory.connected("Ada")
    keys = KeyRing(engine, settings.secret_keys)
    await keys.load()
    verifier = TokenVerifier(settings.resource, [embedded_issuer(settings.issuer, keys)])
    assert await verifier.verify(ada.token) is not None
    keys._verifying.clear()  # pyright: ignore[reportPrivateUsage]
    assert await verifier.verify(ada.token) is None


@pytest.mark.proves("""rs-cache-exact MUST own rule; RFC 8725 §3.3
    A cached verification is valid for that very token only.
    Here: The cache is keyed by SHA-256 of the whole token and holds no token.""")
async def test_another_token_is_never_mistaken_for_a_cached_one(engine: Engine, settings: Settings) -> None:
    factory = Factory(engine, settings)
    ada, eve = await factory.connected("Ada"), await factory.connected("Eve")
    verifier = TokenVerifier(settings.resource, [embedded_issuer(settings.issuer, factory.keys)])
    for who in (ada, eve, ada, eve):
        claims = await verifier.verify(who.token)
        assert isinstance(claims, Claims)
        assert (claims.sub, claims.gid) == (who.person.id, who.grant_id)
    signature = ada.token.rpartition(".")[2]
    forged = ada.token[: -len(signature)] + eve.token.rpartition(".")[2]
    for bad in (forged, ada.token[:-1], ada.token + "A", ada.token.lower()):
        assert await verifier.verify(bad) is None


async def test_few_tokens_are_remembered_and_none_in_the_clear(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims_cache, "MOST_TOKENS", 1)
    factory = Factory(engine, settings)
    ada, eve = await factory.connected("Ada"), await factory.connected("Eve")
    verifier = TokenVerifier(settings.resource, [embedded_issuer(settings.issuer, factory.keys)])
    for who in (ada, eve):
        assert await verifier.verify(who.token) is not None
    known: ClaimsCache = verifier._known  # pyright: ignore[reportPrivateUsage]
    assert len(known) == 1
    assert known.find(ada.token) is None
    assert known.find(eve.token) is not None
    assert eve.token not in repr(vars(known))
