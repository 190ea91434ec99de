"""Create people with a household, a filled list and an access token each, by the service's own functions."""

from datetime import UTC, datetime, timedelta
from typing import Final

from app.db import Engine, create_engine, new_id, transaction
from app.households.repository import memberships_of
from app.households.tenant import Actor, open_tenant
from app.lists.items.add import add_items
from app.lists.new_household import create_first_household
from app.oauth.grants.models import NewGrant
from app.oauth.grants.repository import find_grant, insert_grant
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.access_tokens import AccessTokens
from app.oauth.tokens.policy import token_policy
from app.people.email_addresses import parse_email
from app.people.repository import insert_person
from app.scopes import ALL_SCOPES
from app.settings import Settings
from bench.messages import item_name

CLIENT: Final = "bench"
CONSENT: Final = timedelta(hours=1)
"""A consent for an hour, whose token is valid for that long: longer than any run."""


async def make_shoppers(settings: Settings, households: int, items: int) -> list[str]:
    """Create people, each alone in a household with `items` open items on its list; return their access tokens."""
    assert settings.database_url is not None
    engine = create_engine(settings.database_url.get_secret_value())
    try:
        keys = KeyRing(engine, settings.secret_keys)
        await keys.load()
        return [await _make_shopper(engine, settings, keys, items) for _ in range(households)]
    finally:
        await engine.dispose()


async def _make_shopper(engine: Engine, settings: Settings, keys: KeyRing, items: int) -> str:
    now = datetime.now(UTC)
    household_id, grant_id = new_id(), new_id()
    async with transaction(engine, household_id) as connection:
        person = await insert_person(connection, parse_email(f"{new_id()}@example.org"), "Anna", now)
        assert person is not None
        await create_first_household(connection, household_id, person, now)
        consent = NewGrant(
            id=grant_id,
            person_id=person.id,
            client_id=CLIENT,
            client={"name": CLIENT},
            scopes=ALL_SCOPES,
            resource=settings.resource,
            household_ids=[household_id],
            default_household_id=household_id,
            expires_at=now + CONSENT,
        )
        await insert_grant(connection, consent, now)
        grant = await find_grant(connection, grant_id)
        assert grant is not None
        memberships = tuple(await memberships_of(connection, person.id))
    if items:
        actor = Actor(person.id, CLIENT, grant_id, memberships, household_id)
        await _fill(engine, actor, items)
    tokens = AccessTokens(settings.issuer, settings.resource, keys, token_policy(settings).access_token_life)
    return tokens.issue(grant, frozenset(ALL_SCOPES), now)["access_token"]


async def _fill(engine: Engine, actor: Actor, items: int) -> None:
    phrases = [f"2 kg {item_name(number)}" for number in range(items)]
    async with open_tenant(engine, actor, None, write=True) as tenant:
        await add_items(tenant, phrases, None, "merge", all_or_nothing=True)
