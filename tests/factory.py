"""People, households and tokens made straight in the database, for tests that are about something else."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from app.db import Engine, new_id, transaction
from app.households import repository as households
from app.households.models import Role
from app.lists.new_household import create_first_household
from app.oauth.grants.models import NewGrant
from app.oauth.grants.repository import find_grant, insert_grant
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.access_tokens import AccessTokens
from app.oauth.tokens.policy import token_policy
from app.people import repository
from app.people.email_addresses import parse_email
from app.people.models import Person
from app.resources import MAIN, Resource
from app.scopes import ALL_SCOPES
from app.settings import Settings

CLIENT_ID = "client-of-the-tests"
_numbers = count(1)


@dataclass(frozen=True)
class Connected:
    """A person who connected a client: their household, and the access token that the client holds."""

    person: Person
    household_id: UUID
    grant_id: UUID
    token: str


class Factory:
    """Makes people, households and grants in one database."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self._settings = settings
        self.keys = KeyRing(engine, settings.secret_keys)

    async def person(self, name: str = "Ada", household_id: UUID | None = None) -> tuple[Person, UUID]:
        """A person with a household and its list Groceries, as a sign-up makes them."""
        household_id = household_id or new_id()
        email = parse_email(f"{name.lower()}{next(_numbers)}@example.org")
        now = datetime.now(UTC)
        async with transaction(self.engine, household_id) as connection:
            person = await repository.insert_person(connection, email, name, now)
            assert person is not None
            await create_first_household(connection, household_id, person, now)
        return person, household_id

    async def join(self, person: Person, household_id: UUID, role: Role) -> None:
        """Make a person a member of another household."""
        async with transaction(self.engine) as connection:
            await households.insert_membership(connection, household_id, person.id, role)

    async def four_people(self, *roles: Role) -> tuple[list[Person], UUID, dict[UUID, Role]]:
        """Four people, a household of somebody else in which the first of them have these roles, and who has which."""
        people = [(await self.person(f"Person{number}"))[0] for number in range(4)]
        founder, household_id = await self.person("Founder")
        members: dict[UUID, Role] = {founder.id: "owner"}
        for person, role in zip(people, roles, strict=False):
            await self.join(person, household_id, role)
            members[person.id] = role
        return people, household_id, members

    async def connect(
        self,
        person: Person,
        *household_ids: UUID,
        scopes: tuple[str, ...] = ALL_SCOPES,
        token_scopes: tuple[str, ...] | None = None,
        resource: Resource = MAIN,
    ) -> Connected:
        """A grant for the households, the first of which is the default, and an access token of it."""
        await self.keys.load()
        now = datetime.now(UTC)
        grant = NewGrant(
            id=new_id(),
            person_id=person.id,
            client_id=CLIENT_ID,
            client={"name": "Tests"},
            scopes=scopes,
            resource=resource.identifier(self._settings.public_url),
            household_ids=household_ids,
            default_household_id=household_ids[0],
            expires_at=None,
        )
        async with transaction(self.engine) as connection:
            await insert_grant(connection, grant, now)
            row = await find_grant(connection, grant.id)
        assert row is not None
        held = frozenset(scopes if token_scopes is None else token_scopes)
        life = token_policy(self._settings).access_token_life
        tokens = AccessTokens(self._settings.issuer, self._settings.resource, self.keys, life)
        token = tokens.issue(row, held, now)["access_token"]
        return Connected(person, household_ids[0], grant.id, token)

    async def connected(self, name: str = "Ada") -> Connected:
        """A new person in a household of their own, with a client connected to it."""
        person, household_id = await self.person(name)
        return await self.connect(person, household_id)
