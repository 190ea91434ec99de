"""The schema rules that no catalogue can check: what the statements of the tools look like, and in which order they go.

Rule 2 (each statement filters on the household itself), the part of rule 5 about statements (no MERGE, no `now()` in
DO UPDATE SET, row locks within a household), and rule 8 (a write begins at the household's clock). Rule 6, about the
migrations, is in test_distribution.py; rule 4 in test_transaction.py; rule 7 in test_faults.py. Rule 9 is about a
pooler that is not here.
"""

import re
from collections.abc import AsyncGenerator, Generator
from typing import Any

import anyio
import httpx
import pytest

from app.db import create_engine
from app.db.embedded import DatabaseUrls
from app.main import create_app
from app.mcp.catalogue import TOOLS
from app.settings import Settings
from tests.db.statements import TENANT, Node, Recorder, Transaction, plans_of, recording
from tests.factory import Factory
from tests.mcp.client import McpClient

# Plans depend on what the database knows of its tables, and a shared one has seen the rows of other tests.
pytestmark = [pytest.mark.anyio, pytest.mark.own_database, pytest.mark.processes]

EVERY_DETAIL: dict[str, Any] = {
    "name": "tea",
    "quantity": 1,
    "unit": "kg",
    "store": "Market",
    "category": "Drinks",
    "assignee": "Ada",
    "note": "green",
}
GROCY_LOG = """{
    "stock_log": [{"product_id": 7, "amount": 2, "purchased_date": "2026-11-01", "transaction_type": "purchase"}],
    "products": [{"id": 7, "name": "rye"}]
}"""
CALLS: dict[str, list[dict[str, Any]]] = {
    "add_items": [
        {"items": ["milk", "2 kg flour", EVERY_DETAIL], "idempotency_key": "once"},
        {"items": ["milk", "2 kg flour", EVERY_DETAIL], "idempotency_key": "once"},
        {"items": [""], "idempotency_key": "nothing done"},
        {"items": ["milk"], "list": "L1"},
        {"items": ["1 kg flour"]},
        {"items": ["rice"]},
        {"items": ["rice", "1 kg flour", "oats"], "list": "L1"},
        {"items": ["jam"], "list": "L1"},
        {"items": ["figs", "dates"]},
        {"items": ["milk"], "list": "Nowhere"},
    ],
    "check_items": [
        {"items": ["milk", "i2"], "store": "Market"},
        {"items": ["milk"], "checked": False},
        {"items": ["milk"], "store": "Market"},
        {"items": ["i1"], "list": "L1", "checked": False},
        {"items": ["rice"]},
        {"items": ["soup", "2 kg flower", "the grain of rice"]},
        {"items": ["flou"], "list": "the grocery list"},
    ],
    "delete_list": [{"list": "Holidays", "confirm_name": "Holidays"}],
    "export_list": [{}, {"format": "csv", "view": "open"}, {"format": "markdown", "view": "checked"}],
    "search": [{"query": "what milk and flour"}, {"query": "our lists"}],
    "fetch": [{"id": "i1"}, {"id": "L1"}, {"id": "i99"}],
    "get_activity": [{}, {"list": "L1", "since": "2020-01-01", "person": "Ada", "kind": "add_items"}],
    "get_overview": [{}],
    "record_purchase": [
        {"items": ["JAM 2,49", "SOAP 1,09", {"item": "rice", "price": 2}], "store": "Market", "dry_run": True},
        {"items": ["JAM 2,49", "SOAP 1,09", "rice 3,00"], "paid_by": "me", "idempotency_key": "receipt"},
        {"items": ["20 EUR"], "paid_to": "Bob"},
    ],
    "get_spending": [
        *({"group_by": group} for group in ("store", "category", "person", "item", "month")),
        {"item": "flour", "since": "2020-01-01", "until": "2120-01-01"},
        {"item": "milk"},
        {"item": "flou", "store": "the market", "person": "Ada", "list": "L1"},
        {"show": "purchases", "since": "2020-01-01", "limit": 1},
        {"show": "usual", "store": "Market"},
        {"show": "basket"},
        {"show": "balances", "between": ["me"]},
    ],
    "import_items": [
        {"data": "- [ ] 2 kg rye\n- [x] salt", "idempotency_key": "imported"},
        {"data": '[{"name": "rye", "assignee": "Ada"}, {"name": "soap"}]', "list": "L1", "on_duplicate": "separate"},
        {"data": GROCY_LOG},
    ],
    "list_items": [
        {},
        {"list": "Groceries", "view": "all", "detail": "full"},
        {"list": "*", "store": "market", "query": "te", "group_by": "category"},
        {"since_rev": 0, "group_by": "assignee", "limit": 1},
        {"list": "Groceries", "store": "Market"},
    ],
    "move_items": [
        {"items": ["tea"], "to": "top"},
        {"items": ["milk"], "before": "tea"},
        {"items": ["milk"], "to_list": "Holidays"},
        {"where_store": "Market", "to_list": "Holidays", "dry_run": True},
        {"sort": "aisle", "list": "Groceries"},
        {"sort": "name", "list": "Groceries"},
    ],
    "remove_items": [
        {"items": ["flour"], "dry_run": True},
        {"items": ["flour"]},
        {"what": "checked"},
    ],
    "save_list": [
        {"name": "Holidays", "default": True},
        {"list": "Holidays", "store": "Kiosk", "default": False},
        {"name": "Next week", "copy_of": "L1", "copy_view": "all"},
    ],
    "save_recipe": [
        {"name": "Porridge", "servings": 2, "items": ["100 g oats", "2 figs"], "idempotency_key": "saved"},
        {"recipe": "R1", "text": "Porridge\nServes 4\n200 g oats"},
        {"recipe": "Nothing", "archived": True},
    ],
    "get_pantry": [{}, {"query": "milk"}],
    "get_suggestions": [
        {},
        {"list": "Groceries"},
        {"kind": "goes_with", "list": "L1"},
        {"list": "*", "kind": "recent"},
    ],
    "update_pantry": [
        {"items": [{"name": "milk", "amount": "1 l", "expires": "2031-05-04"}, {"name": "flour", "have": False}]},
    ],
    "save_plan": [
        {"entries": [{"date": "2026-12-24", "recipe": "R1", "servings": 3}], "idempotency_key": "planned"},
        {"entries": [{"date": "2026-12-25", "text": "goose"}], "clear_from": "2026-12-23", "clear_to": "2026-12-24"},
        {"entries": [{"date": "2026-12-24", "recipe": "R1"}]},
    ],
    "get_recipes": [
        {},
        {"recipe": "porridge", "servings": 3},
        {"archived": True},
        {"plan_from": "2026-12-24", "plan_to": "2026-12-26"},
    ],
    "apply_recipe": [
        {"recipe": "R1", "servings": 6, "list": "L1", "idempotency_key": "applied"},
        {"recipe": "Porridge", "exclude": ["oats"]},
        {"plan_from": "2026-12-24", "plan_to": "2026-12-26"},
    ],
    "invite_member": [
        {},
        {"role": "viewer", "hours": 1, "uses": 20},
        {"role": "guest", "name": "Grandma", "list": "L1", "can_tick": True},
    ],
    "join_household": [{"code": "0000-0000-0000-0000"}],
    "update_member": [
        {"person": "Grandma", "role": "remove"},
        {"person": "me", "role": "owner"},
        {"person": "me", "role": "remove"},
    ],
    "save_household": [
        {"name": "Home", "currency": "CHF", "locale": "de"},
        {"name": "Cabin", "create": True, "idempotency_key": "cabin"},
    ],
    "undo": [{"undo_ref": ref, "idempotency_key": f"undo {ref}"} for ref in ("e4", "e4", "e3", "e2", "e1")],
    "update_items": [
        {"items": [{"item": "tea", "quantity": 2, "assignee": "Ada", "clear": ["note"]}], "if_rev": 0},
        {"items": [{"item": "rice", "quantity": 2}]},
        {"where_store": "Market", "where_assignee": "Ada", "list": "*", "set_category": "Hot drinks"},
        {"where_category": "Hot drinks", "list": "*", "convert_to": "auto"},
        {"items": [{"item": "jam", "note": "red"}], "list": "L1"},
        {"items": [{"item": "jam", "category": "Spreads"}]},
        {"where_category": "Spreads", "set_category": "Jam"},
    ],
}
"""Calls of each tool that reach all of its statements."""

IN_ONE_MESSAGE = re.compile(
    r"WITH context AS MATERIALIZED \(SELECT set_config\('app.household_id', \$1::uuid::text, true\), "
    r"set_config\('lock_timeout', '100ms', true\)\),.* swapped AS \(\s+UPDATE clocks SET rev = ",
    re.DOTALL,
)
OF_ONE_HOUSEHOLD = re.compile(r"household_id = (\$\d+|'[0-9a-f-]{36}'::uuid)")


@pytest.fixture
def recorder() -> Generator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture(params=[True, False], ids=["one message where possible", "always a transaction"])
def one_message(request: pytest.FixtureRequest) -> bool:
    """Whether calls may go in one message."""
    return request.param


@pytest.fixture
async def sent(
    recorder: Recorder, settings: Settings, database: DatabaseUrls, one_message: bool
) -> AsyncGenerator[list[Transaction]]:
    """Every transaction of a sign-up, and then of all calls over HTTP."""
    engine, app = create_engine(database.service), create_app(settings, one_message=one_message)
    recorder.call = "sign-up"
    ada = await Factory(engine, settings).connected("Ada")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
    ):
        client = McpClient(http, ada.token)
        for tool, calls in CALLS.items():
            for arguments in calls:
                await call(recorder, client, tool, arguments)
        await client.call("add_items", items=["salt", "pepper"], list="L1")
        cursor = (await client.call("list_items", list="L1", limit=1))["next_cursor"]
        await call(recorder, client, "list_items", {"list": "L1", "cursor": cursor})
    yield recorder.transactions
    await engine.dispose()


async def call(recorder: Recorder, client: McpClient, tool: str, arguments: dict[str, Any]) -> None:
    recorder.call = tool
    await client.result("tools/call", {"name": tool, "arguments": arguments})
    await anyio.lowlevel.checkpoint()  # the driver notes a statement soon after it was sent
    recorder.call = ""


def names_a_tenant_table(statement: str) -> bool:
    return re.search(rf"\b({'|'.join(TENANT)})\b", statement) is not None


def modifies_in_a_with(statement: str) -> bool:
    return re.search(r"AS \(\s*INSERT INTO [^()]*\([^()]*\)\s*SELECT\b", statement) is not None


async def test_transactions_are_of_statements_that_citus_can_run(sent: list[Transaction]) -> None:
    """No INSERT ... SELECT in a WITH, no now() in a CASE, no array of records; tried on Citus. What goes in one message
    does not go there."""
    in_transactions = [
        each for work in sent if work.call for each in work.statements if "context AS MATERIALIZED" not in each
    ]
    assert any("INSERT INTO items" in each for each in in_transactions)
    for statement in in_transactions:
        assert not modifies_in_a_with(statement), statement
        assert not re.search(r"CASE\b[^;]*now\(\)[^;]*\bEND\b", statement), statement
        assert "SELECT ROW(" not in statement, statement


@pytest.fixture
async def plans(sent: list[Transaction], database: DatabaseUrls) -> dict[str, list[Node]]:
    """The plan of each statement that names a tenant table."""
    statements = {each for work in sent if work.call for each in work.statements if names_a_tenant_table(each)}
    return await plans_of(database.superuser, statements)


def writes(nodes: list[Node]) -> bool:
    return any(node.kind == "ModifyTable" and node.table in TENANT for node in nodes)


def test_every_tool_is_called() -> None:
    assert set(CALLS) == {tool.name for tool in TOOLS}


async def test_each_statement_reads_and_changes_rows_of_one_household_even_without_policies(
    plans: dict[str, list[Node]],
) -> None:
    """Rule 2: planned for a superuser, whom no policy binds, each table is still read by household."""
    assert {node.table for nodes in plans.values() for node in nodes} >= set(TENANT)
    for statement, nodes in plans.items():
        for node in nodes:
            if node.table in TENANT and node.kind != "ModifyTable":
                assert OF_ONE_HOUSEHOLD.search(node.conditions), (node, statement)
            if node.table in TENANT and node.operation == "Insert":
                assert re.search(rf"INSERT INTO {node.table} \(household_id\b", statement), statement


async def test_the_page_that_is_looked_at_most_walks_an_index_and_sorts_nothing(plans: dict[str, list[Node]]) -> None:
    """However long a list is, its first page costs the same; planned for tables of which nothing is known yet."""
    pages = [nodes for statement, nodes in plans.items() if "array_agg(item.no)" in statement.replace("items_", "")]
    assert len(pages) == 2  # of a named list, and of the default one
    for nodes in pages:
        (walk,) = (node for node in nodes if node.table == "items" and "position" in node.conditions)
        assert walk.kind == "Index Scan"
        assert 'ROW("position", no) > ROW' in walk.conditions


async def test_statements_are_of_the_kinds_that_citus_can_run(plans: dict[str, list[Node]]) -> None:
    """Rule 5: no MERGE, no now() in DO UPDATE SET, and FOR UPDATE only by household."""
    assert any("DO UPDATE SET" in statement for statement in plans)
    for statement, nodes in plans.items():
        assert "Merge" not in {node.operation for node in nodes}
        assert "now()" not in statement.partition("DO UPDATE SET")[2].lower()
        if "LockRows" in {node.kind for node in nodes}:
            assert all(OF_ONE_HOUSEHOLD.search(node.conditions) for node in nodes if node.table), statement


async def test_a_write_begins_at_the_clock_of_its_household_and_a_read_writes_nothing(
    sent: list[Transaction], plans: dict[str, list[Node]]
) -> None:
    """Rule 8. A sign-up has nobody to wait for: its household is new. What is written in one message depends on the
    clock's new revision, and so on its lock."""
    for tool in TOOLS:
        written = 0
        for work in (each for each in sent if each.call == tool.name):
            of_tenants = [each for each in work.statements if names_a_tenant_table(each)]
            if any(writes(plans[each]) for each in of_tenants):
                assert of_tenants[0].startswith("UPDATE clocks SET rev = rev + 1 WHERE household_id = ") or (
                    len(of_tenants) == 1 and IN_ONE_MESSAGE.search(of_tenants[0])
                )
                written += 1
        assert bool(written) == tool.writes, tool.name
