"""Who follows a list by revision sees, after any sequence of calls, what who reads it anew sees."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from app.db import Engine
from app.households.tenant import Tenant, open_tenant
from app.lists import queries
from app.lists.items.fields import PageRow
from app.lists.models import View
from app.lists.queries import Request
from app.settings import Settings
from tests.lists.test_invariants import OPERATIONS, Operation, new_household

pytestmark = pytest.mark.anyio


@dataclass
class Follower:
    """Somebody who keeps a copy of a list, and brings it up to date with what changed since the last look."""

    list: str
    view: View
    rev: int = 0
    seen: dict[str, PageRow] = field(default_factory=dict[str, PageRow])

    async def look(self, tenant: Tenant) -> None:
        page = await queries.read_items(tenant, Request(self.list, self.view, since_rev=self.rev, limit=200))
        assert page.next_cursor is None
        for ref in page.removed:
            self.seen.pop(ref, None)
        self.seen |= {row.ref: row for row in page.rows}
        assert page.rev >= self.rev
        self.rev = page.rev

    async def check(self, tenant: Tenant) -> None:
        """The copy equals what a client that looks for the first time gets."""
        page = await queries.read_items(tenant, Request(self.list, self.view, limit=200))
        assert {row.ref: row for row in page.rows} == self.seen, f"{self.view} on {self.list}"


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
async def test_a_follower_who_asks_for_changes_sees_what_is_there(
    engine: Engine, settings: Settings, operations: list[Operation]
) -> None:
    household = await new_household(engine, settings)
    views: list[View] = ["open", "checked", "all"]
    followers = [Follower(name, view) for name in ("L1", "*") for view in views]
    for number, operation in enumerate(operations):
        await household.do(operation)
        async with open_tenant(engine, household.actor, None, write=False) as tenant:
            # Some look every time, some now and then.
            for follower in followers[number % 2 :]:
                await follower.look(tenant)
                await follower.check(tenant)
