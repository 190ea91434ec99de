"""A household that is exported and brought back is the same one."""

import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from random import Random
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import anyio
import pytest
from typing_extensions import Buffer

from app.db import Engine, new_id
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.db.transactions import open_transaction
from app.errors import Unavailable
from app.households.tenant import open_for_service
from app.limits.defaults import HOUSEHOLD_EXPORTS
from app.lists.transfer import export_household
from app.lists.transfer.export_household import RETRY_SECONDS, write_household
from app.lists.transfer.import_household import import_household
from app.lists.transfer.records import SECTIONS
from app.lists.transfer.repository import TABLES
from app.people.models import Person
from bench.filling import gather_statistics, lengthen_lists
from tests.db.statements import TENANT
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.test_tenancy import write_everywhere

pytestmark = pytest.mark.anyio


async def export(engine: Engine, household_id: UUID) -> dict[str, str]:
    """The files of an export, by name."""
    file = io.BytesIO()
    async with open_for_service(engine, household_id, write=False) as tenant:
        await write_household(tenant, file)
    with ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def packed(files: dict[str, str]) -> io.BytesIO:
    """An archive of these files."""
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file


async def bring_back(engine: Engine, file: io.BytesIO, person: Person) -> UUID:
    """The household that is made of an archive."""
    household_id = new_id()
    async with open_transaction(engine, household_id) as opened:
        await import_household(opened, household_id, file, person, datetime.now(UTC))
    return household_id


class _Written(io.BytesIO):
    """A file that notes which export writes to it, each time."""

    def __init__(self, number: int, writing: list[int]) -> None:
        super().__init__()
        self._number, self._writing = number, writing

    def write(self, data: Buffer, /) -> int:
        self._writing.append(self._number)
        return super().write(data)


async def test_one_household_is_exported_at_a_time(engine: Engine, factory: Factory) -> None:
    writing: list[int] = []

    async def write(number: int, household_id: UUID) -> None:
        async with open_for_service(engine, household_id, write=False) as tenant:
            await write_household(tenant, _Written(number, writing))

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(write, number, (await factory.connected(f"Person{number}")).household_id)
    assert len([number for number, _ in groupby(writing)]) == 3, "none wrote between two parts of another"


async def test_who_waits_too_long_for_another_export_is_told_to_retry(
    engine: Engine, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_household, "HOUSEHOLD_EXPORTS", replace(HOUSEHOLD_EXPORTS, seconds=0))
    households = [(await factory.connected(f"Person{number}")).household_id for number in range(3)]
    refused: list[Unavailable] = []

    async def write(household_id: UUID) -> None:
        try:
            await export(engine, household_id)
        except Unavailable as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        for each in households:
            tasks.start_soon(write, each)
    assert [(each.message, each.retry_after) for each in refused] == [
        ("Other exports are running. Try again shortly.", RETRY_SECONDS)
    ] * 2
    assert "household.json" in await export(engine, households[0])


def test_every_tenant_table_is_deleted_with_its_household() -> None:
    assert sorted(TABLES) == sorted(TENANT), "in the order in which one refers to another"


NOT_EXPORTED = {
    "events": "the history of changes, which undo needs, is of that household",
    "departures": "what moved away, for those who follow by revision",
    "clocks": "its numbers continue behind those that are there",
    "recipe_lines": "in their recipes",
    "planned_meals": "plan.jsonl",
}


def test_every_tenant_table_is_exported_or_said_why_not() -> None:
    assert set(SECTIONS) - {"people", "plan"} | set(NOT_EXPORTED) == set(TENANT)


async def live(client: McpClient) -> None:
    """Leave something of every kind, also of other people, removed, checked and without an amount."""
    await write_everywhere(client)
    await client.call("save_list", list="L1", store="Market", currency="USD", category_order=["Bakery", "Dairy"])
    await client.call(
        "add_items",
        items=[
            "2 kg flour",
            "1/3 l cream (35 %)",
            "3 bunches of parsley",
            {"name": "milk", "price": 1.19, "assignee": "me", "priority": "high", "repeat_every_days": 7},
            {"name": "seeds", "not_before": "2099-01-01", "note": "two\nlines"},
        ],
    )
    await client.call("check_items", items=["milk", "flour"])
    await client.call("add_items", items=["soap"])
    await client.call("check_items", items=["soap"])
    await client.call("remove_items", items=["soap"])
    await client.call("add_items", items=["never bought"])
    await client.call("remove_items", items=["never bought"])
    await client.call("update_pantry", items=[{"name": "rice", "amount": "2 kg", "expires": "2099-01-31"}])
    await client.call("record_purchase", items=["gum 1.20", {"name": "flour", "price": 2}], store="Kiosk")
    await client.call(
        "save_recipe",
        name="Crêpes",
        servings=4,
        items=["250 g flour (sifted)", "3 eggs", "salt"],
        steps="Stir.\nFry.",
        source="https://example.org/crepes",
    )
    await client.call("apply_recipe", recipe="Crêpes", list="Elsewhere")
    await client.call("move_items", items=["eggs"], list="Elsewhere", to_list="L1", to="top")


async def test_an_export_that_is_brought_back_exports_the_same(
    engine: Engine, factory: Factory, ada: Connected, client: McpClient
) -> None:
    await live(client)
    first = await export(engine, ada.household_id)
    for name in SECTIONS:
        assert first[f"{name}.jsonl"], f"nothing of {name} was tried"
    again = await bring_back(engine, packed(first), ada.person)
    assert await export(engine, again) == first
    stranger, _ = await factory.person("Zoe")
    zoes_household = await bring_back(engine, packed(first), stranger)
    third = await export(engine, zoes_household)
    settings = json.loads(third.pop("household.json"))
    assert settings.pop("members") == ["Zoe"]
    original = json.loads(first.pop("household.json"))
    assert original.pop("members") == ["Ada"]
    assert (third, settings) == (first, original), "names stay, although nobody of them is a member"
    zoes = McpClient(client.http, (await factory.connect(stranger, zoes_household)).token)
    assert "Ada" in str(await zoes.call("fetch", id=(await zoes.call("search", query="tea"))["results"][0]["id"]))


async def test_what_is_brought_back_works_as_before(
    engine: Engine, factory: Factory, ada: Connected, client: McpClient
) -> None:
    await live(client)
    again = await bring_back(engine, packed(await export(engine, ada.household_id)), ada.person)
    new = McpClient(client.http, (await factory.connect(ada.person, again)).token)
    for tool, arguments in [
        ("list_items", {"list": "*", "view": "all", "detail": "full"}),
        ("get_recipes", {}),
        ("get_spending", {"group_by": "item"}),
    ]:
        before, after = await client.call(tool, **arguments), await new.call(tool, **arguments)
        for result in (before, after):
            for item in result.get("items", []):
                item.pop("added_by", None)  # the history stays where it is
            result.pop("rev", None)
        assert after == before
    added = await new.call("add_items", items=["500 g flour", "new thing"])
    assert added["counts"] == {"restored": 1, "added": 1} or added["counts"] == {"added": 2}
    refs = [each["ref"] for each in (await new.call("list_items", list="*", view="all"))["items"]]
    assert len(refs) == len(set(refs))
    await new.call("undo", undo_ref=added["undo_ref"])


UNITS = [None, "kg", "g", "l", "ml", "bunch", "can", "pack", "EL", "lb"]
LETTERS = "abcdefghijklmnop  äéßœñ'’-&%_\\\"<>,;:()0123456789日本語кирилл🧀"


def some_name(random: Random, longest: int) -> str:
    return "".join(random.choice(LETTERS) for _ in range(random.randint(1, longest)))


@pytest.mark.parametrize("seed", range(4))
async def test_any_household_comes_back_as_it_was(engine: Engine, ada: Connected, client: McpClient, seed: int) -> None:
    random = Random(seed)
    for _ in range(60):
        given: dict[str, Any] = {"name": some_name(random, 40)}
        if random.random() < 0.7:
            unit = random.choice(UNITS)
            given |= {"quantity": round(random.uniform(0.001, 5000), 3), **({} if unit is None else {"unit": unit})}
        if random.random() < 0.3:
            given["note"] = some_name(random, 200)
        if random.random() < 0.3:
            given |= {"category": some_name(random, 10), "price": round(random.uniform(0, 99), 2)}
        result = await client.result(
            "tools/call", {"name": "add_items", "arguments": {"items": [given], "on_duplicate": "separate"}}
        )
        if random.random() < 0.5 and not result["isError"]:
            ref = result["structuredContent"]["results"][0]["ref"]
            await client.call("check_items", items=[ref], store=some_name(random, 10) + "x")
            if random.random() < 0.3:
                await client.call("remove_items", items=[ref])
    first = await export(engine, ada.household_id)
    assert first["items.jsonl"].count("\n") > 30
    assert await export(engine, await bring_back(engine, packed(first), ada.person)) == first


@pytest.mark.processes
async def test_a_long_history_travels_in_parts_and_in_time(
    engine: Engine, ada: Connected, client: McpClient, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], 10_000, 10_001, checked=True)
    connection = await connect(database.superuser)
    try:
        await connection.execute(
            """
            INSERT INTO purchases (household_id, id, item_id, name, name_key, currency, bought_at, bought_by, event_no)
            SELECT household_id, gen_random_uuid(), id, name, name_key, 'EUR', now() - (n || ' days')::interval, $2, 1
            FROM items CROSS JOIN generate_series(1, 5) AS n WHERE household_id = $1
            """,
            ada.household_id,
            ada.person.id,
            timeout=60,
        )
    finally:
        await connection.close()
    await gather_statistics(database.owner)  # as autovacuum does; without, each foreign key is looked for slowly
    began = time.monotonic()
    first = await export(engine, ada.household_id)
    exported = time.monotonic()
    assert first["purchases.jsonl"].count("\n") == 50_000
    again = await bring_back(engine, packed(first), ada.person)
    brought = time.monotonic()
    print(f"exported in {exported - began:.1f} s, brought back in {brought - exported:.1f} s")
    assert await export(engine, again) == first
    assert exported - began < 20
    assert brought - exported < 60
