"""`search` and `fetch`: ChatGPT's contract, over everything that is on record of the caller's households."""

import json
from typing import Any

import pytest

from app.lists.documents.search import MOST_HITS
from app.lists.documents.words import MOST_WORDS, words_of
from app.resources import RESOURCES, Resource
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


async def found(client: McpClient, query: str) -> list[str]:
    """The titles of what is found."""
    return [each["title"] for each in (await client.call("search", query=query))["results"]]


@pytest.fixture
async def home(each_era: McpClient) -> McpClient:
    """Ada's client, with a little of everything on record."""
    await each_era.call("save_list", list="L1", name="Groceries")
    await each_era.call("save_list", name="Hardware", store="Depot")
    await each_era.call("add_items", items=["2 l whole milk", "Crème fraîche", "Vollmilch", "bread"])
    await each_era.call(
        "add_items",
        items=[{"name": "screws", "note": "for the Café table", "category": "Tools", "price": 3}],
        list="L2",
    )
    await each_era.call("add_items", items=["butter"])
    await each_era.call("check_items", items=["butter"], store="Market")
    await each_era.call("add_items", items=["3 batteries"])
    await each_era.call("remove_items", items=["batteries"])
    await each_era.call("save_recipe", name="Leek soup", servings=2, items=["2 leeks", "1 l stock", "butter"])
    return each_era


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.path)
async def test_both_answer_exactly_what_chatgpt_asks_for(
    factory: Factory, ada: Connected, home: McpClient, settings: Settings, resource: Resource
) -> None:
    below = await factory.connect(ada.person, ada.household_id, scopes=("lists:read",), resource=resource)
    client = McpClient(home.http, below.token, home.era, resource.path)
    result = await client.result("tools/call", {"name": "search", "arguments": {"query": "milk"}})
    assert set(result["structuredContent"]) == {"results"}
    first = result["structuredContent"]["results"][0]
    assert set(first) == {"id", "title", "url"}
    assert first["url"] == f"{settings.public_url}/household#{first['id']}"
    (block,) = result["content"]
    assert json.loads(block["text"]) == result["structuredContent"]
    result = await client.result("tools/call", {"name": "fetch", "arguments": {"id": first["id"]}})
    (block,) = result["content"]
    document = json.loads(block["text"])
    assert document == result["structuredContent"]
    assert set(document) == {"id", "title", "text", "url", "metadata"}
    assert (document["id"], document["url"]) == (first["id"], first["url"])
    listed = {each["name"]: each for each in (await client.result("tools/list"))["tools"]}
    assert set(listed["search"]["inputSchema"]["properties"]) == {"query"}
    assert set(listed["fetch"]["inputSchema"]["properties"]) == {"id"}
    page = await home.http.get(first["url"])
    assert page.status_code in {200, 303}


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("milk", "2 l whole milk (to buy, Groceries)"),
        ("Do we still need any whole milk?", "2 l whole milk (to buy, Groceries)"),
        ("milch", "Vollmilch (to buy, Groceries)"),
        ("CREME", "Crème fraîche (to buy, Groceries)"),
        ("When did we last buy butter?", "butter (bought, Groceries)"),
        ("Wann haben wir zuletzt Butter gekauft?", "butter (bought, Groceries)"),
        ("batteries", "3 batteries (no longer on a list)"),
        ("cafe", "screws (to buy, Hardware)"),
        ("tools", "screws (to buy, Hardware)"),
        ("soup", "Recipe: Leek soup"),
        ("recipe with leeks", "Recipe: Leek soup"),
        ("stock", "Recipe: Leek soup"),
        ("hardware", "List: Hardware (1 open, 0 bought)"),
    ],
)
async def test_what_is_asked_for_comes_first(home: McpClient, query: str, first: str) -> None:
    assert (await found(home, query))[0] == first


@pytest.mark.parametrize("query", ["What is on our shopping list?", "alles, was wir einkaufen", "la lista"])
async def test_a_question_that_names_nothing_finds_the_lists(home: McpClient, query: str) -> None:
    assert await found(home, query) == ["List: Groceries (4 open, 1 bought)", "List: Hardware (1 open, 0 bought)"]


@pytest.mark.parametrize("query", ["caviar", "%", "_", "\\", "%%%% %%%%", "'; DROP SCHEMA public; --", "🧀", "ß"])
async def test_what_is_nowhere_is_not_found(home: McpClient, query: str) -> None:
    assert await found(home, query) == []


@pytest.mark.parametrize("query", ["", "  ", "a\0b", "x" * 1_001])
async def test_a_question_that_is_none_is_refused(client: McpClient, query: str) -> None:
    refusal = await client.refusal("search", query=query)
    assert (refusal["code"], refusal["field"]) == ("invalid", "query")


async def test_a_removed_thing_is_found_once_and_only_if_it_is_on_no_list(client: McpClient) -> None:
    for _ in range(3):
        await client.call("add_items", items=["tea"])
        await client.call("remove_items", items=["tea"])
    assert await found(client, "tea") == ["tea (no longer on a list)"]
    await client.call("add_items", items=["tea"])
    assert await found(client, "tea") == ["tea (to buy, Groceries)"]


async def test_no_more_is_found_than_an_answer_holds(client: McpClient) -> None:
    await client.call("add_items", items=[f"tea {number}" for number in range(MOST_HITS + 10)])
    assert len(await found(client, "tea")) == MOST_HITS
    assert len(words_of("alpha " + " ".join(f"word{number}" for number in range(100)))) == MOST_WORDS


async def document(client: McpClient, query: str) -> dict[str, Any]:
    """The first document that is found."""
    first = (await client.call("search", query=query))["results"][0]
    return await client.call("fetch", id=first["id"])


async def test_an_item_is_read_with_what_is_on_record_of_it(home: McpClient) -> None:
    read = await document(home, "screws")
    lines = read["text"].splitlines()
    assert lines[:6] == [
        "screws",
        "List: Hardware",
        "State: to buy",
        "Category: Tools",
        "Store: Depot",
        "Note: for the Café table",
    ]
    assert "Price: 3.00 EUR" in lines
    assert lines[-1].endswith("Ada: added")
    assert read["metadata"].items() >= {"kind": "item", "list": "Hardware", "state": "to buy"}.items()
    butter = (await document(home, "butter"))["text"]
    assert "Bought once:" in butter
    assert " at Market, Ada" in butter
    assert "State: removed" in (await document(home, "batteries"))["text"]


async def test_a_list_and_a_recipe_are_read_whole(home: McpClient) -> None:
    groceries = await document(home, "groceries")
    for shown in ("2 l whole milk", "Crème fraîche", "Vollmilch", "bread", "Bought", "butter"):
        assert shown in groceries["text"]
    assert groceries["metadata"].items() >= {"kind": "list", "open": "4", "bought": "1"}.items()
    soup = await document(home, "leek soup")
    assert soup["text"] == "Leek soup\nServings: 2\n- 2 leeks\n- 1 l stock\n- butter"
    assert soup["metadata"]["kind"] == "recipe"


@pytest.mark.parametrize(
    "ref", ["", "i99", "L99", "R99", "e1", "i", "i1234567890", "i١", "x1", "h222222222:i1", ":i1", "i1:i1", "i1\0"]
)
async def test_an_id_of_nothing_is_not_found(client: McpClient, ref: str) -> None:
    await client.call("add_items", items=["tea"])
    refusal = await client.refusal("fetch", id=ref)
    assert (refusal["code"], refusal["field"]) == ("not_found", "id")


async def test_what_was_bought_without_being_on_a_list_is_found_by_its_name(client: McpClient) -> None:
    await client.call("add_items", items=["gum tree"])
    for price in (1.2, 1.5):
        await client.call("record_purchase", items=[{"item": "chewing gum: mint", "price": price}], store="Kiosk")
    first, *_ = (await client.call("search", query="chewing gum"))["results"]
    assert first["title"] == "chewing gum: mint (bought, on no list)"
    read = await client.call("fetch", id=first["id"])
    assert (read["id"], read["url"], read["metadata"]["kind"]) == (first["id"], first["url"], "purchases")
    assert "Bought 2 times, the latest first:" in read["text"]
    assert read["text"].count("at Kiosk for 1.") == 2
    await client.call("add_items", items=["chewing gum: mint"])
    assert (await found(client, "chewing gum"))[0] == "chewing gum: mint (to buy, Groceries)"


async def test_what_was_deleted_is_no_document(home: McpClient) -> None:
    hardware = (await home.call("search", query="hardware"))["results"][0]["id"]
    await home.call("delete_list", list="Hardware", confirm_name="Hardware")
    assert (await home.refusal("fetch", id=hardware))["code"] == "not_found"
    assert await found(home, "screws") == ["screws (no longer on a list)"]


async def test_all_households_of_the_grant_are_looked_through_and_ids_say_which(
    factory: Factory, ada: Connected, home: McpClient
) -> None:
    _, club = await factory.person("Ben")
    await factory.join(ada.person, club, "viewer")
    _, shut = await factory.person("Cleo")
    await factory.join(ada.person, shut, "editor")
    for household_id in (club, shut):
        alone = McpClient(home.http, (await factory.connect(ada.person, household_id)).token)
        if household_id == shut:
            await alone.call("add_items", items=["milk of another grant"])
    other = await factory.connected("Dora")
    await McpClient(home.http, other.token).call("add_items", items=["milk of a stranger"])
    both = McpClient(home.http, (await factory.connect(ada.person, ada.household_id, club)).token, home.era)
    assert await found(both, "milk") == await found(home, "milk")
    first = (await both.call("search", query="milk"))["results"][0]["id"]
    assert first == (await home.call("search", query="milk"))["results"][0]["id"], "whatever the grant covers"
    lists = (await both.call("search", query="my lists"))["results"]
    assert len({each["id"].partition(":")[0] for each in lists}) == 2
    for each in lists:
        assert (await both.call("fetch", id=each["id"]))["id"] == each["id"]
        if not each["id"].startswith(first.partition(":")[0]):
            assert (await home.refusal("fetch", id=each["id"]))["code"] == "not_found"
