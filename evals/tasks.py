"""Everyday tasks: what people say to an assistant about their lists, and the calls that a model makes of it.

The calls use nothing but what `tools/list` says and what earlier answers said.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from evals.task import Task, by_ben, call, then

_TODAY: Final = datetime.now(UTC).date()
_LAST_MONTH: Final = (_TODAY - timedelta(days=31)).isoformat()
_IN_A_WEEK: Final = (_TODAY + timedelta(days=7)).isoformat()

USUAL: Final = [call("add_items", items=["milk", "2 kg flour", "6 eggs", "bread"])]
"""What is on the list when a task begins, unless it says otherwise."""

PANCAKES: Final = [
    call("save_recipe", name="Pancakes", servings=4, items=["200 g flour", "3 eggs", "1/2 l milk"]),
    call("save_recipe", name="Soup", servings=2, items=["1 leek", "50 g flour"]),
]
_SATURDAY, _SUNDAY, _MONDAY = "2026-12-05", "2026-12-06", "2026-12-07"
PLANNED: Final = call(
    "save_plan",
    entries=[{"date": _SATURDAY, "recipe": "Pancakes"}, {"date": _SUNDAY, "recipe": "Soup", "servings": 4}],
)

HARDWARE: Final = [call("save_list", name="Hardware"), call("add_items", items=["20 screws", "glue"], list="Hardware")]

TASKS: Final = (
    # Adding
    Task(
        "adding",
        "Put milk, two kilos of flour and a dozen eggs on the list.",
        [call("add_items", items=["milk", "2 kg flour", "a dozen eggs"])],
        to_buy={"Groceries": ["milk", "2 kg flour", "12 eggs"]},
    ),
    Task(
        "adding",
        "We need lactose free milk, and oat milk for Ben from Aldi.",
        [
            call(
                "add_items",
                items=["milk (lactose free)", {"name": "oat milk", "store": "Aldi", "assignee": "Ben"}],
            )
        ],
        to_buy={"Groceries": ["milk (lactose free)", "oat milk"]},
        details={"oat milk": {"store": "Aldi", "assignee": "Ben", "added_by": "Ann"}},
    ),
    Task(
        "adding",
        "Here is my list: milk / 2 bread / [x] butter / - jam",
        [call("add_items", items=["milk\n2 bread\n[x] butter\n- jam"])],
        to_buy={"Groceries": ["milk", "2 bread", "jam"]},
        finds=lambda answers: answers[0]["counts"],
        found={"added": 3, "failed": 1},
    ),
    Task(
        "adding",
        "Add nails and paint to the hardware list.",
        [call("add_items", items=["nails", "paint"], list="hardware")],
        given=HARDWARE,
        to_buy={"Hardware": ["20 screws", "glue", "nails", "paint"], "Groceries": []},
    ),
    Task(
        "adding",
        "Remind us to buy candles next week.",
        [call("add_items", items=[{"name": "candles", "not_before": _IN_A_WEEK}])],
        to_buy={"Groceries": []},
        waiting={"Groceries": ["candles"]},
    ),
    Task(
        "adding",
        "We buy coffee every two weeks, keep it coming.",
        [call("add_items", items=[{"name": "coffee", "repeat_every_days": 14}])],
        to_buy={"Groceries": ["coffee"]},
        details={"coffee": {"repeat_every_days": 14}},
    ),
    Task(
        "adding",
        "Add milk, eggs, and bread: all of it is urgent.",
        [call("add_items", items=[{"name": name, "priority": "high"} for name in ("milk", "eggs", "bread")])],
        to_buy={"Groceries": ["milk", "eggs", "bread"]},
        details={"eggs": {"priority": "high"}},
    ),
    # Merging
    Task(
        "merging",
        "Another kilo of flour, please.",
        [call("add_items", items=["1 kg flour"])],
        given=USUAL,
        to_buy={"Groceries": ["milk", "3 kg flour", "6 eggs", "bread"]},
        finds=lambda answers: [answers[0]["results"][0][word] for word in ("status", "was", "quantity")],
        found=["merged", "2 kg", "3 kg"],
    ),
    Task(
        "merging",
        "Add 500 grams of flour and two packets of flour. Is that one line?",
        [call("add_items", items=["500 g flour", "2 packets flour"])],
        given=USUAL,
        finds=lambda answers: [answers[0]["results"][1]["status"], answers[0]["results"][1]["similar"]],
        found=["added", ["2.5 kg flour (i2)"]],
    ),
    Task(
        "merging",
        "Put bread on the list if it isn't there already.",
        [call("add_items", items=["bread"], on_duplicate="skip")],
        given=USUAL,
        to_buy={"Groceries": ["milk", "2 kg flour", "6 eggs", "bread"]},
        finds=lambda answers: answers[0]["counts"],
        found={"skipped": 1},
    ),
    Task(
        "merging",
        "We bought milk yesterday, but it is gone: back on the list with it, two litres.",
        [call("add_items", items=["2 l milk"])],
        given=[*USUAL, call("check_items", items=["milk"])],
        to_buy={"Groceries": ["2 kg flour", "6 eggs", "bread", "2 l milk"]},
        bought={"Groceries": []},
    ),
    # Correcting
    Task(
        "correcting",
        "Not six eggs, ten.",
        [call("update_items", items=[{"item": "eggs", "quantity": 10}])],
        given=USUAL,
        to_buy={"Groceries": ["milk", "2 kg flour", "10 eggs", "bread"]},
    ),
    Task(
        "correcting",
        "The milk should be oat milk, and from Lidl instead of Aldi.",
        [call("update_items", items=[{"item": "milk", "name": "oat milk", "store": "Lidl"}])],
        given=[call("add_items", items=[{"name": "milk", "store": "Aldi"}])],
        to_buy={"Groceries": ["oat milk"]},
        finds=lambda answers: answers[0]["results"][0]["changes"],
        found={"name": "milk → oat milk", "store": "Aldi → Lidl"},
    ),
    Task(
        "correcting",
        "One egg less.",
        [call("update_items", items=[{"item": "eggs", "quantity_delta": -1}])],
        given=USUAL,
        to_buy={"Groceries": ["milk", "2 kg flour", "5 eggs", "bread"]},
    ),
    Task(
        "correcting",
        "Ben gets the bread and the milk, not me.",
        [call("update_items", items=[{"item": "bread", "assignee": "Ben"}, {"item": "milk", "assignee": "Ben"}])],
        given=[*USUAL, call("update_items", items=[{"item": "bread", "assignee": "Ann"}])],
        finds=lambda answers: [each["changes"]["assignee"] for each in answers[0]["results"]],
        found=["Ann → Ben", "– → Ben"],
    ),
    Task(
        "correcting",
        "Everything we wanted from Aldi comes from Lidl now.",
        [call("update_items", where_store="Aldi", set_store="Lidl")],
        given=[call("add_items", items=[{"name": "milk", "store": "Aldi"}, {"name": "jam", "store": "aldi"}, "tea"])],
        details={"milk": {"store": "Lidl"}, "jam": {"store": "Lidl"}, "tea": {"store": None}},
    ),
    Task(
        "correcting",
        "Take the note off the milk, it can be any.",
        [call("update_items", items=[{"item": "milk", "clear": ["note"]}])],
        given=[call("add_items", items=["milk (fresh)"])],
        to_buy={"Groceries": ["milk"]},
    ),
    Task(
        "correcting",
        "Coffee only every three weeks.",
        [call("update_items", items=[{"item": "coffee", "repeat_every_days": 21}])],
        given=[call("add_items", items=[{"name": "coffee", "repeat_every_days": 14}])],
        details={"coffee": {"repeat_every_days": 21}},
        finds=lambda answers: answers[0]["results"][0]["changes"],
        found={"repeat_every_days": "14 → 21"},
    ),
    # Checking
    Task(
        "checking",
        "I have the milk and the bread.",
        [call("check_items", items=["milk", "bread"])],
        given=USUAL,
        to_buy={"Groceries": ["2 kg flour", "6 eggs"]},
        bought={"Groceries": ["milk", "bread"]},
    ),
    Task(
        "checking",
        "Got everything at Aldi.",
        [
            call("list_items"),
            then("check_items", lambda seen: {"items": [i["ref"] for i in seen[0]["items"]], "store": "Aldi"}),
        ],
        given=USUAL,
        to_buy={"Groceries": []},
        bought={"Groceries": ["milk", "2 kg flour", "6 eggs", "bread"]},
        finds=lambda answers: answers[1]["results"][0]["changes"],
        found={"store": "Aldi"},
    ),
    Task(
        "checking",
        "The flour was 1.89, I have it.",
        [
            call("update_items", items=[{"item": "flour", "price": 1.89}]),
            call("check_items", items=["flour"]),
        ],
        given=USUAL,
        bought={"Groceries": ["2 kg flour"]},
        finds=lambda answers: answers[1]["results"][0]["changes"],
        found={"price": "1.89 EUR"},
    ),
    Task(
        "checking",
        "I didn't get the eggs after all.",
        [call("check_items", items=["eggs"], checked=False)],
        given=[*USUAL, call("check_items", items=["eggs", "milk"])],
        to_buy={"Groceries": ["2 kg flour", "6 eggs", "bread"]},
        bought={"Groceries": ["milk"]},
    ),
    Task(
        "checking",
        "Coffee is in the trolley. When do we need it again?",
        [call("check_items", items=["coffee"])],
        given=[call("add_items", items=[{"name": "coffee", "repeat_every_days": 7}])],
        finds=lambda answers: answers[0]["results"][0]["changes"],
        found={"comes_back": _IN_A_WEEK},
    ),
    # Moving
    Task(
        "moving",
        "The glue belongs on the groceries list.",
        [call("move_items", items=["glue"], list="Hardware", to_list="Groceries")],
        given=HARDWARE,
        to_buy={"Hardware": ["20 screws"], "Groceries": ["glue"]},
    ),
    Task(
        "moving",
        "Bread first.",
        [call("move_items", items=["bread"], to="top")],
        given=USUAL,
        to_buy={"Groceries": ["bread", "milk", "2 kg flour", "6 eggs"]},
    ),
    Task(
        "moving",
        "Eggs before the flour.",
        [call("move_items", items=["eggs"], before="flour")],
        given=USUAL,
        to_buy={"Groceries": ["milk", "6 eggs", "2 kg flour", "bread"]},
    ),
    Task(
        "moving",
        "Sort the list by name.",
        [call("move_items", sort="name")],
        given=USUAL,
        to_buy={"Groceries": ["bread", "6 eggs", "2 kg flour", "milk"]},
    ),
    Task(
        "moving",
        "Show me the list by category: dairy first, then bakery.",
        [
            call("save_list", list="Groceries", category_order=["Dairy", "Bakery"]),
            call("list_items"),
        ],
        given=[
            call(
                "add_items",
                items=[{"name": "bread", "category": "Bakery"}, "soap", {"name": "milk", "category": "Dairy"}],
            )
        ],
        to_buy={"Groceries": ["milk", "bread", "soap"]},
        finds=lambda answers: [item["name"] for item in answers[1]["items"]],
        found=["milk", "bread", "soap"],
    ),
    # Clearing
    Task(
        "clearing",
        "Clear the list.",
        [call("remove_items", what="all")],
        given=[*USUAL, call("check_items", items=["milk"])],
        to_buy={"Groceries": []},
        bought={"Groceries": []},
    ),
    Task(
        "clearing",
        "Take off what we bought, on all lists.",
        [call("remove_items", what="checked", list="*")],
        given=[
            *USUAL,
            *HARDWARE,
            call("check_items", items=["milk"]),
            call("check_items", items=["glue"], list="Hardware"),
        ],
        to_buy={"Groceries": ["2 kg flour", "6 eggs", "bread"], "Hardware": ["20 screws"]},
        bought={"Groceries": [], "Hardware": []},
    ),
    Task(
        "clearing",
        "Strike the bread and the eggs.",
        [call("remove_items", items=["bread", "eggs"])],
        given=USUAL,
        to_buy={"Groceries": ["milk", "2 kg flour"]},
    ),
    Task(
        "clearing",
        "We don't need the hardware list any more.",
        [call("delete_list", list="Hardware", confirm_name="hardware")],
        given=[*USUAL, *HARDWARE],
        finds=lambda answers: [answers[0]["results"][0]["status"], answers[0]["items"]],
        found=["deleted", 2],
    ),
    # Who, when, what
    Task(
        "asking",
        "What do we need?",
        [call("list_items")],
        given=USUAL,
        finds=lambda answers: [item["name"] for item in answers[0]["items"]],
        found=["milk", "flour", "eggs", "bread"],
    ),
    Task(
        "asking",
        "Who put caviar on the list?",
        [call("get_activity", item="caviar")],
        given=[*USUAL, by_ben("add_items", items=["caviar"])],
        finds=lambda answers: [answers[0]["events"][0]["person"], answers[0]["events"][0]["changes"][0]["what"]],
        found=["Ben", "added"],
    ),
    Task(
        "asking",
        "Who bought the milk, and where?",
        [call("get_activity", item="milk", kind="check_items")],
        given=[*USUAL, by_ben("check_items", items=["milk", "bread"], store="Aldi")],
        finds=lambda answers: [answers[0]["events"][0]["person"], answers[0]["events"][0]["changes"][0]["what"]],
        found=["Ben", "bought at Aldi"],
    ),
    Task(
        "asking",
        "What did we buy last month?",
        [call("get_activity", kind="check_items", since=_LAST_MONTH)],
        given=[
            call("add_items", items=[{"name": "milk", "quantity": 2, "unit": "l", "price": 2.4}, "bread"]),
            call("check_items", items=["milk", "bread"], store="Market"),
        ],
        finds=lambda answers: [
            f"{change['name']}: {change['what']}" for event in answers[0]["events"] for change in event["changes"]
        ],
        found=["milk: bought 2 l at Market for 2.40 EUR", "bread: bought at Market"],
    ),
    Task(
        "asking",
        "When does the milk come back?",
        [call("list_items", query="milk", view="all", detail="full")],
        given=[
            call("add_items", items=[{"name": "milk", "repeat_every_days": 7}]),
            call("check_items", items=["milk"]),
        ],
        finds=lambda answers: [answers[0]["items"][0]["due"], answers[0]["items"][0]["bought_by"]],
        found=[_IN_A_WEEK, "Ann"],
    ),
    Task(
        "asking",
        "What do I have to get, and what has no store yet?",
        [call("list_items", assignee="Ann"), call("list_items", missing="store")],
        given=[call("add_items", items=[{"name": "milk", "assignee": "Ann", "store": "Aldi"}, "bread"])],
        finds=lambda answers: [[item["name"] for item in answer["items"]] for answer in answers],
        found=[["milk"], ["bread"]],
    ),
    Task(
        "asking",
        "What did I write about gluten?",
        [call("list_items", query="gluten", list="*", view="all")],
        given=[call("add_items", items=[{"name": "bread", "note": "Gluten free, for Ben"}, "milk"])],
        finds=lambda answers: [item["name"] for item in answers[0]["items"]],
        found=["bread"],
    ),
    Task(
        "asking",
        "What will the list cost?",
        [call("list_items", detail="full")],
        given=[call("add_items", items=[{"name": "milk", "price": 1.5}, {"name": "cheese", "price": 4}, "bread"])],
        finds=lambda answers: [
            [each[word] for word in ("total", "currency", "unpriced")] for each in answers[0]["prices"]
        ],
        found=[[5.5, "EUR", 1]],
    ),
    Task(
        "asking",
        "What did we spend at Aldi?",
        [call("get_spending", group_by="store")],
        given=[
            call("add_items", items=[{"name": "milk", "price": 1.5}, {"name": "cheese", "price": 4}]),
            call("check_items", items=["milk", "cheese"], store="Aldi"),
        ],
        finds=lambda answers: [[each["group"], each["total"]] for each in answers[0]["groups"]],
        found=[["Aldi", 5.5]],
    ),
    Task(
        "asking",
        "When did we last buy butter, and what was it?",
        [call("get_spending", show="purchases", item="butter", limit=1)],
        given=[call("record_purchase", items=["butter 2,19", "bread 1,99"], store="Aldi", date=_LAST_MONTH)],
        finds=lambda answers: [
            [each["at"][:10], each["store"], each["price"], each["currency"]] for each in answers[0]["purchases"]
        ],
        found=[[_LAST_MONTH, "Aldi", 2.19, "EUR"]],
    ),
    Task(
        "asking",
        "Is the list cheaper at Aldi or at Rewe?",
        [call("get_spending", show="basket")],
        given=[
            call("record_purchase", items=["500 g coffee 6,99", "milk 1,09"], store="Aldi"),
            call("record_purchase", items=["1 kg coffee 11,98"], store="Rewe"),
            call("add_items", items=["coffee 1 kg", "milk"]),
        ],
        finds=lambda answers: [[each["store"], each["total"], each["covered"]] for each in answers[0]["stores"]],
        found=[["Aldi", 15.07, 2], ["Rewe", 11.98, 1]],
    ),
    Task(
        "asking",
        "Who owes whom?",
        [call("get_spending", show="balances")],
        given=[call("record_purchase", items=["butter 2,49", "gum 0,99"], paid_by="Ben")],
        finds=lambda answers: [[each["payer"], each["payee"], each["amount"]] for each in answers[0]["transfers"]],
        found=[["Ann", "Ben", 1.74]],
    ),
    Task(
        "asking",
        "I gave Ben 1 euro. Who owes whom now?",
        [call("record_purchase", items=["1 EUR"], paid_to="Ben"), call("get_spending", show="balances")],
        given=[call("record_purchase", items=["butter 2,49", "gum 0,99"], paid_by="Ben")],
        finds=lambda answers: [[each["payer"], each["payee"], each["amount"]] for each in answers[1]["transfers"]],
        found=[["Ann", "Ben", 0.74]],
    ),
    Task(
        "asking",
        "What do we need again?",
        [call("get_suggestions")],
        given=[
            call("record_purchase", items=["1 l milk 1,09"], date=(_TODAY - timedelta(days=days)).isoformat())
            for days in (26, 20, 14, 8)
        ],
        finds=lambda answers: [[each["name"], each["reason"]] for each in answers[0]["suggestions"]],
        found=[["milk", "bought 4 times, every 6 days, last 8 days ago"]],
    ),
    Task(
        "asking",
        "Do we still have rice?",
        [call("get_pantry", query="rice")],
        given=[call("record_purchase", items=["1 kg rice 2,49"])],
        finds=lambda answers: [[each["name"], each["confidence"] > 0.9] for each in answers[0]["items"]],
        found=[["rice", True]],
    ),
    Task(
        "correcting",
        "We're out of flour, and there are only 200 g of butter left, until Friday.",
        [
            call(
                "update_pantry",
                items=[
                    {"name": "flour", "have": False},
                    {"name": "butter", "amount": "200 g", "expires": (_TODAY + timedelta(days=3)).isoformat()},
                ],
            )
        ],
        finds=lambda answers: [[each["name"], each["confidence"], each.get("left")] for each in answers[0]["results"]],
        found=[["flour", 0, None], ["butter", 1, "about 200 g"]],
    ),
    Task(
        "asking",
        "Which lists do we have, and who is in the household?",
        [call("get_overview")],
        given=[*USUAL, *HARDWARE],
        finds=lambda answers: [
            [each["name"] for each in answers[0]["lists"]],
            [each["name"] for each in answers[0]["members"]],
        ],
        found=[["Groceries", "Hardware"], ["Ann", "Ben"]],
    ),
    # Receipts
    Task(
        "receipts",
        "Here is our receipt from Aldi: MEHL 2 x 0,79 1,58 / BREAD 1,99 / MILK 1,09",
        [
            call(
                "record_purchase",
                items=["MEHL 2 x 0,79 1,58", {"item": "bread", "price": 1.99}, "milk 1,09"],
                store="Aldi",
            )
        ],
        given=USUAL,
        to_buy={"Groceries": ["2 kg flour", "6 eggs"]},
        bought={"Groceries": ["milk", "bread"]},
        finds=lambda answers: [[each["status"] for each in answers[0]["results"]], answers[0]["total"]],
        found=[["recorded", "checked", "checked"], {"EUR": 4.66}],
    ),
    # Copying to a messenger
    Task(
        "copying",
        "Give me the list as text for a message.",
        [call("export_list", format="text")],
        given=[
            call(
                "add_items",
                items=[
                    {"name": "milk (3.5 %)", "category": "Dairy"},
                    {"name": "bread", "category": "Bakery"},
                    "2 soap",
                ],
            )
        ],
        finds=lambda answers: answers[0]["text"],
        found="Groceries\n\nBakery\n- bread\n\nDairy\n- milk (3.5 %)\n\nOther\n- 2 soap\n",
    ),
    Task(
        "copying",
        "Make the groceries list again for next week.",
        [call("save_list", name="Next week", copy_of="Groceries")],
        given=USUAL,
        to_buy={"Next week": ["milk", "2 kg flour", "6 eggs", "bread"]},
    ),
    # Doubling
    Task(
        "doubling",
        "Ben's friends are coming: double everything.",
        [call("update_items", view="open", quantity_factor=2)],
        given=USUAL,
        to_buy={"Groceries": ["milk", "4 kg flour", "12 eggs", "bread"]},
    ),
    Task(
        "doubling",
        "Half of everything, we are only two.",
        [call("update_items", view="open", quantity_factor=0.5)],
        given=USUAL,
        to_buy={"Groceries": ["milk", "1 kg flour", "3 eggs", "bread"]},
    ),
    # Undoing
    Task(
        "undoing",
        "Oh no, bring it all back.",
        [call("get_activity", limit=1), then("undo", lambda seen: {"undo_ref": seen[0]["events"][0]["undo_ref"]})],
        given=[*USUAL, call("remove_items", what="all")],
        to_buy={"Groceries": ["milk", "2 kg flour", "6 eggs", "bread"]},
    ),
    Task(
        "undoing",
        "Clear the list. ... No, wait.",
        [call("remove_items", what="all"), then("undo", lambda seen: {"undo_ref": seen[0]["undo_ref"]})],
        given=USUAL,
        to_buy={"Groceries": ["milk", "2 kg flour", "6 eggs", "bread"]},
    ),
    Task(
        "undoing",
        "Undo everything that I did in the last hour.",
        [call("undo", since=(datetime.now(UTC) - timedelta(hours=1)).isoformat())],
        given=[*USUAL, by_ben("add_items", items=["beer"]), call("remove_items", items=["milk"])],
        to_buy={"Groceries": ["beer"]},
    ),
    Task(
        "undoing",
        "Take back what Ben did, but keep the beer.",
        [
            call("get_activity", person="Ben"),
            then(
                "undo",
                lambda seen: {"undo_refs": [each["undo_ref"] for each in seen[0]["events"]], "except": ["beer"]},
            ),
        ],
        given=[*USUAL, by_ben("add_items", items=["beer", "crisps"]), by_ben("remove_items", items=["milk"])],
        to_buy={"Groceries": ["milk", "2 kg flour", "6 eggs", "bread", "beer"]},
    ),
    Task(
        "undoing",
        "Bring only the eggs back.",
        [
            call("get_activity", item="eggs", limit=1),
            then("undo", lambda seen: {"undo_ref": seen[0]["events"][0]["undo_ref"], "items": ["eggs"]}),
        ],
        given=[*USUAL, call("remove_items", items=["eggs", "bread"])],
        to_buy={"Groceries": ["milk", "2 kg flour", "6 eggs"]},
    ),
    # Sharing with guests
    Task(
        "sharing",
        "Give Grandma a link to the groceries, so that she can tick things off, for two weeks.",
        [call("invite_member", role="guest", name="Grandma", list="groceries", can_tick=True, hours=336)],
        given=USUAL,
        to_buy={"Groceries": ["milk", "2 kg flour", "6 eggs", "bread"]},
        finds=lambda seen: (seen[0]["role"], seen[0]["list"], "/guest?code=" in seen[0]["link"]),
        found=("guest", "L1", True),
    ),
    Task(
        "sharing",
        "Who can see our lists from outside? ... Grandma shouldn't any more.",
        [
            call("get_overview"),
            then("update_member", lambda seen: {"person": seen[0]["guests"][0]["name"], "role": "remove"}),
        ],
        given=[by_ben("invite_member", role="guest", name="Grandma")],
        to_buy={"Groceries": []},
        finds=lambda seen: (seen[0]["guests"][0]["may"], seen[1]["was"], "role" in seen[1]),
        found=("look", "guest", False),
    ),
    # Cooking
    Task(
        "cooking",
        "Put pancakes for six on the list, but we have milk.",
        [call("apply_recipe", recipe="pancakes", servings=6, exclude=["milk"])],
        given=PANCAKES,
        to_buy={"Groceries": ["300 g flour", "5 eggs"]},
        details={"eggs": {"recipe": "Pancakes"}},
    ),
    Task(
        "cooking",
        "Pancakes on Saturday, soup for three on Sunday, and then we eat out.",
        [
            call(
                "save_plan",
                entries=[
                    {"date": _SATURDAY, "recipe": "pancakes"},
                    {"date": _SUNDAY, "recipe": "soup", "servings": 3},
                    {"date": _MONDAY, "text": "eating out"},
                ],
            ),
            call("get_recipes", plan_from=_SATURDAY, plan_to=_MONDAY),
        ],
        given=PANCAKES,
        finds=lambda seen: [(each["date"], each["name"], each.get("servings")) for each in seen[1]["plan"]],
        found=[(_SATURDAY, "Pancakes", None), (_SUNDAY, "Soup", 3), (_MONDAY, "eating out", None)],
    ),
    Task(
        "cooking",
        "Add what we need for the weekend's meals.",
        [call("apply_recipe", plan_from=_SATURDAY, plan_to=_SUNDAY)],
        given=[*PANCAKES, PLANNED],
        to_buy={"Groceries": ["300 g flour", "3 eggs", "0.5 l milk", "2 leek"]},
        finds=lambda seen: {each["name"]: each["changes"]["recipe"] for each in seen[0]["results"]},
        found={"flour": "Soup", "eggs": "Pancakes", "milk": "Pancakes", "leek": "Soup"},
    ),
    Task(
        "cooking",
        "Add what we need for the weekend, but mind that we still have flour.",
        [
            call("update_pantry", items=[{"name": "flour", "have": True}]),
            call("apply_recipe", plan_from=_SATURDAY, plan_to=_SUNDAY),
        ],
        given=[*PANCAKES, PLANNED],
        to_buy={"Groceries": ["3 eggs", "0.5 l milk", "2 leek"]},
        finds=lambda seen: seen[1]["counts"],
        found={"at_home": 2, "added": 3},
    ),
    Task(
        "cooking",
        "No soup on Sunday after all, pancakes again.",
        [call("save_plan", entries=[{"date": _SUNDAY, "recipe": "pancakes"}], clear_from=_SUNDAY)],
        given=[*PANCAKES, PLANNED],
        finds=lambda seen: seen[0]["counts"],
        found={"planned": 1, "removed": 1},
    ),
    # Searching, as ChatGPT does
    Task(
        "searching",
        "When did we last buy butter?",
        [
            call("search", query="When did we last buy butter?"),
            then("fetch", lambda seen: {"id": seen[0]["results"][0]["id"]}),
        ],
        given=[*USUAL, call("add_items", items=["butter"]), call("check_items", items=["butter"], store="Market")],
        to_buy={"Groceries": ["milk", "2 kg flour", "6 eggs", "bread"]},
        finds=lambda seen: "Bought once:" in seen[1]["text"] and "at Market, Ann" in seen[1]["text"],
        found=True,
    ),
)
