"""A household as the tests of this folder use one; each adds what its people do there."""

from uuid import UUID

from app.db import Engine, transaction
from app.households.models import Role
from app.households.repository import members_of
from tests.clock import MovableClock


class AnyHome:
    """A household, and who is in it; what is done there is in a transaction of its own each time."""

    def __init__(self, engine: Engine, household_id: UUID, clock: MovableClock) -> None:
        self.engine, self.id, self.clock = engine, household_id, clock

    async def roles(self) -> dict[UUID, Role]:
        async with transaction(self.engine) as connection:
            return {each.person_id: each.role for each in await members_of(connection, self.id)}
