"""The page of a list, by its forms and links, without scripts."""

from typing import Any

import pytest
from bs4 import Tag

from app.lists.models import ITEMS_PER_CALL
from app.web.lists.content import BOUGHT, ITEMS, MOST_CHANGED
from tests.mcp.client import McpClient
from tests.web.lists.conftest import Member
from tests.web.lists.pages import ListBrowser, alert, bought, lines, said

pytestmark = pytest.mark.anyio


async def test_a_list_is_made_filled_ticked_and_undone(anna: ListBrowser) -> None:
    page = await anna.submit(await anna.open("/lists"), "/lists/new", name="Party")
    assert page.title == "Party"
    page = await anna.add(page, "2 kg flour\nmilk")
    assert said(page) == ["Added: 2 kg flour", "Added: milk"]
    page = await anna.add(page, "500 g flour")
    assert said(page) == ["Added to what was there already: 2.5 kg flour (before: 2 kg )"]
    assert lines(page) == ["2.5 kg flour", "milk"]
    page = await anna.press(page, "check", "i1")
    assert (lines(page), bought(page)) == (["milk"], ["2.5 kg flour"])
    assert "Ada ticked flour" in page.text
    page = await anna.submit(page, "/undo")
    assert said(page) == ["As it was before: 2.5 kg flour"]
    assert (lines(page), bought(page)) == (["2.5 kg flour", "milk"], [])
    page = await anna.press(await anna.press(page, "check", "i2"), "uncheck", "i2")
    assert lines(page) == ["2.5 kg flour", "milk"]


async def test_the_page_shows_what_the_tools_show_and_the_tools_what_the_page_did(
    anna: ListBrowser, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["2 kg flour", {"name": "milk", "category": "Dairy", "note": "fresh"}])
    page = await anna.open_list()
    assert lines(page) == ["2 kg flour", "milk"]
    assert "fresh · Dairy · Ada with Tests" in page.text
    assert "Ada , with Tests , added flour and 1 more" in page.text
    page = await anna.add(page, "eggs")
    await anna.press(page, "check", "i1")
    found = await assistant.call("list_items", view="all")
    assert [(each["name"], each.get("checked")) for each in found["items"]] == [
        ("milk", None),
        ("eggs", None),
        ("flour", True),
    ]
    spending = await assistant.call("get_activity", kind="check_items")
    assert spending["events"][0]["changes"][0]["what"].startswith("bought 2 kg")


async def test_lines_that_cannot_be_used_are_told_apart_and_the_others_are_added(anna: ListBrowser) -> None:
    page = await anna.add(await anna.open_list(), "milk\n[x] bread\n" + "x" * 3_000 + "\n eggs ")
    told = said(page)
    assert [each.partition(":")[0] for each in told] == ["Added", "Not done", "Not done", "Added"]
    assert "The line is ticked, so it was bought already." in told[1]
    assert "items[" not in page.text
    assert lines(page) == ["milk", "eggs"]


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "a\x00b", "\ufeff"])
async def test_a_text_without_anything_to_add_is_answered_by_the_page(anna: ListBrowser, text: Any) -> None:
    page = await anna.add(await anna.open_list(), text)
    assert page.status in (200, 400)
    assert alert(page) or said(page)[0].startswith("Not done")
    assert lines(page) == []


async def test_too_many_lines_at_once_are_given_back_to_be_sent_in_parts(anna: ListBrowser) -> None:
    text = "\n".join(f"thing {number}" for number in range(ITEMS_PER_CALL + 1))
    page = await anna.add(await anna.open_list(), text)
    assert (page.status, alert(page)[:31]) == (400, "That is more than 100 lines. Ad")
    field = page.soup.find("textarea")
    assert field is not None
    assert field.get_text() == text
    assert lines(page) == []


async def test_a_form_that_is_sent_twice_adds_once_and_says_the_same(anna: ListBrowser, assistant: McpClient) -> None:
    page = await anna.open_list()
    first, second = await anna.add(page, "2 eggs"), await anna.add(page, "2 eggs")
    assert said(first) == said(second) == ["Added: 2 eggs"]
    assert lines(second) == ["2 eggs"]
    # The browser's Back shows the page of before: another text is another form.
    assert lines(await anna.add(page, "milk")) == ["2 eggs", "milk"]
    assert lines(await anna.add(second, "2 eggs")) == ["4 eggs", "milk"]
    events = (await assistant.call("get_activity", kind="add_items"))["events"]
    assert len(events) == 3


async def test_keys_are_those_of_one_person(anna: ListBrowser, member: Member) -> None:
    async with member("editor") as ben:
        key = "the same key"
        await anna.add(await anna.open_list(), "2 eggs", key=key)
        page = await ben.add(await ben.open_list(), "2 eggs", key=key)
        assert lines(page) == ["4 eggs"]
        refused = await ben.add(page, "milk", key="x" * 101)
        assert (refused.status, lines(refused)) == (400, ["4 eggs"])


async def test_a_tick_that_is_sent_twice_and_one_of_a_thing_that_is_gone(
    anna: ListBrowser, assistant: McpClient
) -> None:
    page = await anna.add(await anna.open_list(), "milk\neggs")
    for _ in range(2):
        assert bought(await anna.press(page, "check", "i1")) == ["milk"]
    assert len((await assistant.call("get_activity", kind="check_items"))["events"]) == 1
    await assistant.call("remove_items", items=["i2"])
    gone = await anna.press(page, "check", "i2")
    assert (gone.status, alert(gone)) == (400, "That is no longer on this list.")
    await assistant.call("save_list", name="Hardware")
    await assistant.call("add_items", items=["saw"], list="Hardware")
    for ref in ("i3", "i99", "milk", "", "*", "i1 i2", "i" + "9" * 30, "I1", "i1\x00"):
        response = await anna.send(page, "check", "i1", check=ref)
        assert response.status_code in (400, 404), ref
        assert "saw" not in response.text
    assert (await assistant.call("list_items", list="Hardware"))["items"][0]["name"] == "saw"


async def test_items_are_put_in_order_by_buttons(anna: ListBrowser) -> None:
    await anna.add(await anna.open_list(), "one\ntwo\nthree\nfour")

    async def order() -> Any:
        page = await anna.open_list()
        return await anna.open(page.link("at=order"))

    page = await order()
    assert page.soup.find("textarea") is None
    page = await anna.press(page, "move", "i3 i2")  # up
    assert lines(page) == ["one", "three", "two", "four"]
    assert "at=order" in str(page.response.url)
    page = await anna.press(page, "move", "i1 i2")  # down
    assert lines(page) == ["three", "one", "two", "four"]
    page = await anna.press(page, "move", "i2")  # down to the end
    assert lines(page) == ["three", "one", "four", "two"]
    disabled = [str(each["aria-label"]) for each in page.soup.find_all("button", disabled=True)]
    assert disabled == ["Up: three", "Down: two"]
    page = await anna.press(page, "remove", "i1")
    assert lines(page) == ["three", "four", "two"]


async def test_groups_are_by_category_store_and_recipe(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", name="Porridge", servings=1, items=["100 g oats"])
    await assistant.call("apply_recipe", recipe="Porridge")
    await assistant.call(
        "add_items",
        items=[
            {"name": "milk", "category": "Dairy", "store": "Market"},
            {"name": "nails", "store": "Hardware"},
            {"name": "yoghurt", "category": "dairy"},
        ],
    )
    page = await anna.open_list()

    async def groups(by: str) -> list[tuple[str, list[str]]]:
        shown = await anna.open(page.link(f"by={by}"))
        lists = shown.soup.select("ul.items:not(.bought)")
        return [(str(each["data-group"]), [link.get_text() for link in each.select("li > a > bdi")]) for each in lists]

    assert await groups("category") == [("Dairy", ["milk", "yoghurt"]), ("", ["oats", "nails"])]
    assert await groups("store") == [("Hardware", ["nails"]), ("Market", ["milk"]), ("", ["oats", "yoghurt"])]
    assert await groups("recipe") == [("Porridge", ["oats"]), ("", ["milk", "nails", "yoghurt"])]
    by_category = await anna.open(page.link("by=category"))
    after = await anna.press(by_category, "check", "i2")
    assert "by=category" in str(after.response.url)
    await assistant.call("save_list", list="L1", category_order=["Dairy"])
    heading = (await anna.open_list()).soup.select_one("#items h2")
    assert heading is not None
    assert heading.get_text() == "dairy"


async def test_the_shop_is_in_the_order_that_trips_have_taught(anna: ListBrowser, assistant: McpClient) -> None:
    things = ["apples", "bread", "cheese", "milk", "yoghurt", "zucchini"]
    await assistant.call("save_list", list="L1", store="Market")
    for _ in range(2):
        await assistant.call("add_items", items=things)
        for thing in reversed(things):
            await assistant.call("check_items", items=[thing])
    await assistant.call("add_items", items=things)
    page = await anna.open_list()
    shop = await anna.open(page.link("/shop"))
    assert shop.title == "GroceriesMarket"
    assert lines(shop) == things[::-1]
    assert "In the order of Market , as your trips taught it." in shop.text
    assert shop.soup.find("textarea") is None
    after = await anna.press(shop, "check", str(shop.soup.select(".items li")[0]["data-ref"]))
    assert "/shop" in str(after.response.url)
    assert lines(after) == things[-2::-1]


async def test_an_item_is_changed_in_every_field_and_cleared_again(anna: ListBrowser, assistant: McpClient) -> None:
    await anna.add(await anna.open_list(), "milk")
    item = await anna.open((await anna.open_list()).link("/items/i1"))
    sent = {
        "name": "oat milk",
        "quantity": "1,5",
        "unit": "l",
        "note": "the blue one\nnot the red one",
        "category": "Drinks",
        "store": "Market",
        "priority": "high",
        "price": "2.49",
        "not_before": "2031-05-04",
        "repeat_every_days": "7",
    }
    assignee = next(str(each["value"]) for each in item.soup.select("select[name=assignee] option") if each["value"])
    page = await anna.submit(item, "/items/i1", **sent, assignee=assignee)
    assert page.title == "Groceries"
    (found,) = (await assistant.call("list_items", view="all", detail="full"))["items"]
    assert {name: found[name] for name in ("name", "quantity", "unit", "note", "category", "store", "priority")} == {
        **{name: sent[name] for name in ("name", "unit", "note", "category", "store", "priority")},
        "quantity": 1.5,
    }
    assert (found["assignee"], found["price"], found["not_before"]) == ("Ada", 2.49, "2031-05-04")
    assert "for later" in page.text
    item = await anna.open(page.link("/items/i1"))
    emptied = dict.fromkeys([*sent, "assignee"], "") | {"name": "oat milk"}
    await anna.submit(item, "/items/i1", **emptied)
    (found,) = (await assistant.call("list_items", view="all", detail="full"))["items"]
    assert set(found) == {"ref", "name", "added_by"}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "The name is empty"),
        ("name", "x" * 201, "Name has 201 characters"),
        ("quantity", "many", "is not a number"),
        ("quantity", "0", "How many or how much must be above 0"),
        ("quantity", "1e999", "is not a number"),
        ("price", "-1", "Price must be between"),
        ("priority", "huge", "Choose one of the possible priorities"),
        ("not_before", "tomorrow", "The day is not a date"),
        ("repeat_every_days", "0.5", "must be a whole number"),
        ("repeat_every_days", "0", "Comes back after so many days must be between"),
        ("assignee", "Nobody", "Who gets it must be the name of one member"),
        ("rev", "x", "This page is out of date"),
        ("note", "a\x00b", "NUL"),
    ],
)
async def test_a_value_that_cannot_be_stored_is_told_beside_what_was_typed(
    anna: ListBrowser, field: str, value: str, told: str
) -> None:
    item = await anna.open((await anna.add(await anna.open_list(), "milk")).link("/items/i1"))
    page = await anna.submit(item, "/items/i1", **{"note": "kept", "store": "Market", field: value})
    assert page.status == 400
    assert told in alert(page)
    typed = page.soup.find("input", attrs={"name": "store"})
    assert isinstance(typed, Tag)
    assert typed["value"] == "Market"
    assert lines(await anna.open_list()) == ["milk"]


async def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(
    anna: ListBrowser, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["2 l milk"])
    item = await anna.open((await anna.open_list()).link("/items/i1"))
    await assistant.call("update_items", items=[{"item": "i1", "quantity": 3, "note": "fresh"}])
    page = await anna.submit(item, "/items/i1", quantity="5", note="")
    assert page.status == 400
    assert alert(page).startswith("Somebody has changed this meanwhile.")
    assert "It is now: 3" in page.text
    assert "It is now: fresh" in page.text
    (found,) = (await assistant.call("list_items"))["items"]
    assert found["quantity"] == 3
    await anna.submit(page, "/items/i1", quantity="5", note="fresh")
    (found,) = (await assistant.call("list_items"))["items"]
    assert (found["quantity"], found["note"]) == (5, "fresh")


async def test_an_item_goes_to_another_list_and_is_removed(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_list", name="Hardware")
    page = await anna.add(await anna.open_list(), "saw\nmilk\neggs")
    item = await anna.open(page.link("/items/i1"))
    page = await anna.submit(item, "/move-away", to="L2")
    assert lines(page) == ["milk", "eggs"]
    assert lines(await anna.open_list("Hardware")) == ["saw"]
    assert (await anna.open(str(item.response.url))).status == 404
    page = await anna.submit(await anna.open(page.link("/items/i2")), "/remove")
    assert lines(page) == ["eggs"]
    page = await anna.submit(await anna.press(page, "check", "i3"), "/clear")
    assert said(page) == ["Removed: eggs"]
    assert bought(page) == []


async def test_every_change_can_be_undone_and_the_undo_too(anna: ListBrowser, assistant: McpClient) -> None:
    page = await anna.add(await anna.open_list(), "milk")
    await anna.add(page, "eggs")
    changes = await anna.open(page.link("/changes"))
    rows = changes.soup.select("ul.changes > li")
    assert [" ".join(each.get_text(" ").split())[:15] for each in rows] == ["Ada added eggs ", "Ada added milk "]
    form = rows[1].find("form")
    assert isinstance(form, Tag)
    fields = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
    page = await anna.submit(changes, "/undo", **fields)
    assert lines(page) == ["eggs"]
    again = await anna.submit(changes, "/undo", **fields)
    assert (again.status, lines(again)) == (400, ["eggs"])
    assert "undone already" in alert(again)
    page = await anna.submit(page, "/undo")
    assert lines(page) == ["milk", "eggs"]
    for ref in ("", "e999", "x", "e1-e900", "e0"):
        assert (await anna.submit(page, "/undo", change=ref)).status in (400, 404), ref
    assert lines(await anna.open_list()) == ["milk", "eggs"]


async def test_a_list_is_renamed_ordered_put_away_and_deleted(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_list", name="Hardware", store="Depot")
    settings = await anna.open((await anna.open_list("Hardware")).link("/settings"))
    page = await anna.submit(settings, "/settings", name="DIY", store="", category_order="Wood\n\n Screws ")
    assert page.title == "DIY"
    settings = await anna.open(page.link("/settings"))
    taken = await anna.submit(settings, "/settings", name="Groceries", category_order="Wood\nScrews")
    assert (taken.status, alert(taken)[:38]) == (400, "There is a list of that name already. ")
    fields = {"do": "archive", "name": None, "store": None}
    page = await anna.submit(settings, "/settings", **fields)
    assert "This list was put away." in page.text
    overview = await anna.open("/lists")
    assert "Put away DIY" in overview.text
    page = await anna.submit(settings, "/settings", **{**fields, "do": "use"})
    assert "put away" not in page.text
    for name in ("", "Groceries"):
        wrong = await anna.submit(settings, "/settings", do="delete", confirm_name=name)
        assert (wrong.status, bool(alert(wrong))) == (400, True)
    page = await anna.submit(settings, "/settings", do="delete", confirm_name="DIY")
    assert page.title == "Your lists"
    assert "DIY" not in page.text


async def test_usual_names_are_suggested_with_unit_and_category(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call(
        "add_items", items=["2 kg flour", {"name": "flat bread", "category": "Bakery"}, "milk", "corn flakes", "flame"]
    )
    await assistant.call("remove_items", items=["flame"])
    await assistant.call("check_items", items=["flour"])
    await assistant.call("add_items", items=["1 kg flour"])
    page = await anna.open_list()
    listed = page.soup.select_one("#list")
    assert listed is not None

    async def names(typed: str) -> list[tuple[str, str]]:
        shown = await anna.open(f"{listed['data-names']}&typed={typed}")
        return [(str(each["data-line"]), each.get_text(" ", strip=True)) for each in shown.soup.find_all("button")]

    assert await names("fl") == [
        ("flour", "flour kg"),
        ("corn flakes", "corn flakes"),
        ("flat bread", "flat bread Bakery"),
    ]
    assert await names("3 kg FLO") == [("3 kg flour", "flour kg")]
    for typed in ("", "%25", "x" * 500, "%00", "%F0%9F%8D%9E", "'; --"):
        assert await names(typed) == [], typed


async def test_a_long_list_is_shown_in_pages(anna: ListBrowser, assistant: McpClient) -> None:
    for start in range(0, ITEMS + 5, ITEMS_PER_CALL):
        things = [f"thing {number}" for number in range(start, min(start + ITEMS_PER_CALL, ITEMS + 5))]
        await assistant.call("add_items", items=things)
    page = await anna.open_list()
    assert len(lines(page)) == ITEMS
    more = await anna.open(page.link("cursor="))
    assert lines(more) == [f"thing {number}" for number in range(ITEMS, ITEMS + 5)]
    after = await anna.press(more, "check", f"i{ITEMS + 1}")
    assert lines(after) == [f"thing {number}" for number in range(ITEMS + 1, ITEMS + 5)]
    await assistant.call("check_items", items=[f"i{number}" for number in range(1, BOUGHT + 2)])
    page = await anna.open_list()
    assert len(bought(page)) == BOUGHT
    await anna.press(page, "check", f"i{ITEMS}")
    page = await anna.open_list()
    assert bought(page)[0] == f"thing {ITEMS - 1}"  # the latest
    assert "Older ones are not shown." in page.text
    for wrong in ("nonsense", "x" * 5_000, "%00"):
        again = await anna.open(str(page.response.url) + f"&cursor={wrong}")
        assert len(lines(again)) == ITEMS - BOUGHT + 2, wrong


async def test_an_open_page_reads_the_rows_that_have_changed_and_the_places_of_the_others(
    anna: ListBrowser, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["one", "two", "three", "four"])
    page = await anna.open_list()
    shown = page.soup.select_one("#items")
    assert shown is not None

    async def rows(since: str, more: str = "") -> dict[str, bool]:
        part = await anna.open(f"/lists/L1/items?household={anna.household}&since={since}{more}")
        assert part.status == 200
        return {str(each["id"]): each.has_attr("data-same") for each in part.soup.select("ul.items > li")}

    rev = str(shown["data-rev"])
    assert await rows(rev) == {"i1": True, "i2": True, "i3": True, "i4": True}
    await assistant.call("check_items", items=["two"])
    await assistant.call("update_items", items=[{"item": "three", "note": "red"}])
    await assistant.call("remove_items", items=["four"])
    assert await rows(rev) == {"i1": True, "i3": False, "i2": False}
    for whole in ("", "x", "-1", "1.5", "9" * 30, f"{rev}&at=order", "0"):
        assert not any((await rows(whole)).values()), whole
    await assistant.call("add_items", items=[f"thing {number}" for number in range(MOST_CHANGED)])
    too_many = await rows(rev)
    assert (len(too_many), any(too_many.values())) == (MOST_CHANGED + 3, False)


async def test_after_a_tick_the_page_goes_on_where_the_item_was(anna: ListBrowser) -> None:
    page = await anna.add(await anna.open_list(), "milk\neggs\nbread")

    async def goes_to(name: str, value: str) -> str:
        location = (await anna.send(await anna.open_list(), name, value)).headers["location"]
        return location.partition("#")[2]

    assert lines(page) == ["milk", "eggs", "bread"]
    assert await goes_to("check", "i1") == "i2"
    assert await goes_to("check", "i3") == "i2"
    assert await goes_to("check", "i2") == "items"
    assert bought(await anna.open_list()) == ["eggs", "bread", "milk"]
    assert await goes_to("uncheck", "i2") == "i3"


async def test_the_view_for_the_shop_offers_the_stores_of_what_is_to_buy(
    anna: ListBrowser, assistant: McpClient
) -> None:
    await assistant.call("save_list", list="L1", store="Corner shop")
    items = [{"name": "milk"}, {"name": "nails", "store": "Hardware"}, {"name": "paint", "store": "hardware"}]
    await assistant.call("add_items", items=items)
    shop = await anna.open(f"/lists/L1/shop?household={anna.household}")
    offered = [str(each["value"]) for each in shop.soup.select("select[name=store] option")]
    assert offered == ["", "Corner shop", "Hardware"]
    page = await anna.open(f"/lists/L1/shop?household={anna.household}&store=Hardware")
    assert lines(page) == ["nails", "paint"]
    chosen = page.soup.select("select[name=store] option[selected]")
    assert [each["value"] for each in chosen] == ["Hardware"]
    await anna.press(page, "check", "i2")
    bought_at = (await assistant.call("get_activity", kind="check_items"))["events"][0]["changes"][0]["what"]
    assert "Hardware" in bought_at
    assert "select" not in str((await anna.open_list()).soup.main)
