"""The SQL of the pages of lists: each statement reads and changes the rows of one household, whatever the policies."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import httpx
import pytest

from app.db import create_engine, transaction
from app.db.embedded import DatabaseUrls
from app.households.repository import memberships_of
from app.main import create_app
from app.people.session_repository import open_session
from app.runtime.clock import system_clock
from app.settings import Settings
from app.ui.cookies import NAME
from tests.db.statements import Transaction, plans_of, recording
from tests.db.test_statements import OF_ONE_HOUSEHOLD, TENANT, names_a_tenant_table
from tests.factory import Factory
from tests.web.lists.pages import ListBrowser

pytestmark = [pytest.mark.anyio, pytest.mark.own_database]

PARTS = ("", "/shop", "/items", "/names", "/changes", "/settings", "/items/i1")


@pytest.fixture
async def sent(settings: Settings, database: DatabaseUrls) -> AsyncGenerator[list[Transaction]]:
    """Every transaction of somebody who opens each page, and sends most forms."""
    with recording() as recorder:
        engine, app = create_engine(database.service), create_app(settings)
        ada = await Factory(engine, settings).connected("Ada")
        async with transaction(engine) as connection:
            cookie = await open_session(connection, ada.person.id, system_clock())
            [household] = await memberships_of(connection, ada.person.id)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
        ):
            http.cookies.set(NAME, cookie)
            browser = ListBrowser(http, household.ref)
            recorder.call = "pages"
            page = await browser.add(await browser.open_list(), "2 kg flour\nmilk")
            page = await browser.press(page, "check", "i1")
            for part in PARTS:
                answer = await browser.open(f"/lists/L1{part}?household={household.ref}&typed=fl&since=1")
                assert answer.status == 200, part
            page = await browser.submit(page, "/undo")
            await browser.submit(await browser.open(page.link("/items/i2")), "/items/i2", note="fresh")
            await anyio.lowlevel.checkpoint()
        yield recorder.transactions
        await engine.dispose()


async def test_each_statement_of_a_page_is_about_one_household(sent: list[Transaction], database: DatabaseUrls) -> None:
    statements = {each for work in sent if work.call for each in work.statements if names_a_tenant_table(each)}
    plans = await plans_of(database.superuser, statements)
    read: set[Any] = set()
    for statement, nodes in plans.items():
        for node in nodes:
            if node.table in TENANT and node.kind != "ModifyTable":
                assert OF_ONE_HOUSEHOLD.search(node.conditions), (node, statement)
                read.add(node.table)
    assert read >= {"lists", "items", "events", "habits"}


async def test_the_latest_changes_and_names_are_found_by_walking_an_index(
    sent: list[Transaction], database: DatabaseUrls
) -> None:
    """However long a household has been in use, an open page reads no more of it; planned for tables of which nothing
    is known yet."""
    statements = {each for work in sent for each in work.statements if " AS latest" in each}
    assert len(statements) == 2
    for statement, nodes in (await plans_of(database.superuser, statements)).items():
        kinds = {node.kind for node in nodes if node.table in ("events", "items")}
        assert kinds == {"Index Scan"}, statement
