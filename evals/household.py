"""A household of two, Ann and Ben, with an app connected to each, made straight in the database."""

from datetime import UTC, datetime, timedelta
from typing import Final

from app.db import Engine, new_id, transaction
from app.households.repository import insert_membership
from app.lists.new_household import create_first_household
from app.oauth.grants.models import NewGrant
from app.oauth.grants.repository import find_grant, insert_grant
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.access_tokens import AccessTokens
from app.oauth.tokens.policy import token_policy
from app.people.email_addresses import parse_email
from app.people.models import Person
from app.people.repository import insert_person
from app.scopes import ALL_SCOPES
from app.settings import Settings
from evals.task import Who

CLIENT: Final = "evals"
CONSENT: Final = timedelta(hours=1)


async def make_household(engine: Engine, settings: Settings) -> dict[Who, str]:
    """Create two people in one household with its list Groceries, and return their access tokens."""
    keys = KeyRing(engine, settings.secret_keys)
    await keys.load()
    now = datetime.now(UTC)
    household_id, bens_own = new_id(), new_id()
    async with transaction(engine, household_id) as connection:
        ann = await insert_person(connection, parse_email(f"{new_id()}@example.org"), "Ann", now)
        assert ann is not None
        await create_first_household(connection, household_id, ann, now)
    async with transaction(engine, bens_own) as connection:
        ben = await insert_person(connection, parse_email(f"{new_id()}@example.org"), "Ben", now)
        assert ben is not None
        await create_first_household(connection, bens_own, ben, now)
        await insert_membership(connection, household_id, ben.id, "editor")

    async def token_of(person: Person) -> str:
        grant_id = new_id()
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
        async with transaction(engine) as connection:
            await insert_grant(connection, consent, now)
            grant = await find_grant(connection, grant_id)
        assert grant is not None
        tokens = AccessTokens(settings.issuer, settings.resource, keys, token_policy(settings).access_token_life)
        return tokens.issue(grant, frozenset(ALL_SCOPES), now)["access_token"]

    return {"ann": await token_of(ann), "ben": await token_of(ben)}
