"""Completions: values that begin with what was typed, from what the caller may read."""

from typing import Any

import pytest

from app.mcp import completions
from app.text import fold
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

LIST = "shopping://{household}/lists/{list}"


async def complete(client: McpClient, ref: str, variable: str, typed: str = "", **chosen: str) -> list[str]:
    """The values for a variable of a template, or of the prompt of that name."""
    answer = await client.result("completion/complete", params(ref, variable, typed, **chosen))
    assert answer["completion"]["total"] == len(answer["completion"]["values"])
    assert answer["completion"]["hasMore"] is False
    return answer["completion"]["values"]


def params(ref: str, variable: str, typed: str = "", **chosen: str) -> dict[str, Any]:
    reference = {"type": "ref/resource", "uri": ref} if "://" in ref else {"type": "ref/prompt", "name": ref}
    context = {"context": {"arguments": chosen}} if chosen else {}
    return {"ref": reference, "argument": {"name": variable, "value": typed}, **context}


async def fill(client: McpClient) -> str:
    """Use some lists, stores and months; return the household's ref."""
    await client.call("save_list", name="Épicerie", store="Carrefour")
    await client.call("save_list", name="Old ones")
    await client.call("save_list", list="Old ones", archived=True)
    await client.call("add_items", items=[{"name": "milk", "store": "Corner shop"}, "tea"], list="Groceries")
    await client.call("check_items", items=["tea"], store="Café", list="Groceries")
    return (await client.call("get_overview"))["household"]["ref"]


async def test_templates_are_completed_with_refs(each_era: McpClient) -> None:
    household = await fill(each_era)
    assert await complete(each_era, LIST, "household") == [household]
    assert await complete(each_era, LIST, "household", "ADA") == [household]
    assert await complete(each_era, LIST, "household", household[:3]) == [household]
    assert await complete(each_era, LIST, "list") == ["L1", "L2"]
    assert await complete(each_era, LIST, "list", "epi", household=household) == ["L2"]
    assert await complete(each_era, LIST + ".csv", "list", "l") == ["L1", "L2"]
    assert await complete(each_era, LIST, "list", "zzz") == []
    assert await complete(each_era, "shopping://sample/{rows}", "rows", "1") == []


async def test_prompts_are_completed_with_what_people_say(each_era: McpClient) -> None:
    await fill(each_era)
    assert await complete(each_era, "plan_meals", "list", "É") == ["Épicerie"]
    assert await complete(each_era, "go_shopping", "store") == ["Café", "Carrefour", "Corner shop"]
    await each_era.call("add_items", items=[{"name": "soap", "store": "CARREFOUR"}, {"name": "oil", "store": "cafe"}])
    stores = await complete(each_era, "go_shopping", "store")
    assert sorted(map(fold, stores)) == ["cafe", "carrefour", "corner shop"], "spellings of one store are one"
    assert await complete(each_era, "go_shopping", "store", "CAF") == ["Café"]
    (month,) = await complete(each_era, "spending_review", "month", "20")
    assert len(month) == len("2026-11")
    assert await complete(each_era, "spending_review", "group_by", "p") == ["person"]
    assert await complete(each_era, "go_shopping", "person") == ["Ada"]
    assert await complete(each_era, "plan_meals", "wishes", "no") == []
    for name in ("Pancakes", "Pâté", "Pie"):
        await each_era.call("save_recipe", name=name, items=["flour"])
    await each_era.call("save_recipe", recipe="Pie", archived=True)
    assert await complete(each_era, "plan_meals", "recipe") == ["Pancakes", "Pâté"]
    assert await complete(each_era, "plan_meals", "recipe", "PAT") == ["Pâté"]


async def test_members_are_completed_without_regard_to_case_and_accents(
    each_era: McpClient, factory: Factory, ada: Connected
) -> None:
    for name in ("Élodie", "Eve", "Bob"):
        person, _ = await factory.person(name)
        await factory.join(person, ada.household_id, "viewer")
    assert sorted(await complete(each_era, "go_shopping", "person", "e")) == ["Eve", "Élodie"]
    assert await complete(each_era, "go_shopping", "person", "ÉL") == ["Élodie"]
    stranger = McpClient(each_era.http, (await factory.connected("Élise")).token, each_era.era)
    assert await complete(stranger, "go_shopping", "person", "e") == ["Élise"]


async def test_no_more_than_a_hundred_values_are_sent(client: McpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert completions.MOST_VALUES == 100
    monkeypatch.setattr(completions, "MOST_VALUES", 1)
    await fill(client)
    answer = await client.result("completion/complete", params("go_shopping", "store", "c"))
    assert answer["completion"] == {"values": ["Café"], "total": 3, "hasMore": True}


@pytest.mark.parametrize(
    ("ref", "variable"),
    [
        ("cook", "dish"),
        ("plan_meals", "dish"),
        (LIST, "item"),
        ("shopping://{household}/recipes", "household"),
        ("shopping://guide/quantities", "household"),
    ],
)
async def test_what_does_not_exist_is_an_error(each_era: McpClient, ref: str, variable: str) -> None:
    assert (await each_era.error("completion/complete", params(ref, variable)))["code"] == -32602


async def test_nothing_of_another_household_is_completed(client: McpClient, factory: Factory) -> None:
    household = await fill(client)
    await client.call("save_recipe", name="Secret soup", items=["water"])
    theirs = McpClient(client.http, (await factory.connected("Bob")).token)
    assert await complete(theirs, LIST, "list", household=household) == []
    assert await complete(theirs, LIST, "list", household="Ada's household") == []
    assert household not in await complete(theirs, LIST, "household")
    assert await complete(theirs, "go_shopping", "store") == []
    assert await complete(theirs, "plan_meals", "recipe") == []
    assert await complete(theirs, "go_shopping", "list") == ["Groceries"]
