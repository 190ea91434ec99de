"""One call may remove, or bring back, as many items as a list holds. It pauses for others, and is still one change."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import pytest

import app
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.lists.export_forms import Format
from app.lists.query_repository import PART
from app.mcp.resources.spec import LARGEST
from app.mcp.tools.changes import MOST_SHOWN
from bench.filling import lengthen_lists
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

ITEMS = 5_000
APP = str(Path(app.__file__).parent)
JOBS = (f"{APP}/audit/", f"{APP}/crypto/", f"{APP}/jobs/")


@contextmanager
def watching_calls(called: Callable[[str], None]) -> Generator[None]:
    """Tell the name of each function in app/ that is called in this thread, other than by jobs: those of applications
    that other tests use run in the same event loop, and chain the audit entries of all of them."""

    def watch(frame: FrameType, event: str, argument: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(APP) and not path.startswith(JOBS):
            called(frame.f_code.co_name)

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)


@contextmanager
def longest_stretch() -> Generator[list[int]]:
    """Count the calls of functions in app/ between two turns of the event loop; the most is the list's last element.

    What does anything for each of the items by a function of ours, without a pause, makes as many calls as there are
    items.
    """
    longest = [0]
    names: list[str] = []

    async def turn() -> None:
        while True:
            longest.append(max(longest[-1], len(names)))
            names.clear()
            await asyncio.sleep(0)

    turns = asyncio.create_task(turn())
    with watching_calls(names.append):
        yield longest
    turns.cancel()


async def test_a_call_that_changes_thousands_of_items_pauses_for_others(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1, checked=True)
    undo_ref: str | None = None
    for tool, status in (("remove_items", "removed"), ("undo", "undone"), ("undo", "undone")):
        with longest_stretch() as longest:
            arguments = {"what": "checked"} if undo_ref is None else {"undo_ref": undo_ref}
            changed = await client.call(tool, **arguments)
        assert changed["counts"] == {status: ITEMS}
        assert len(changed["results"]) == MOST_SHOWN
        assert 0 < longest[-1] < ITEMS / 3, tool
        undo_ref = changed["undo_ref"]


async def test_showing_thousands_of_items_in_one_piece_pauses_for_others(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1)
    household = (await client.call("get_overview"))["household"]["ref"]
    requests: list[tuple[str, dict[str, Any]]] = [
        ("resources/read", {"uri": f"shopping://{household}/lists/L1"}),
        ("resources/read", {"uri": f"shopping://{household}/lists/L1.csv"}),
        ("prompts/get", {"name": "plan_meals", "arguments": {}}),
        *(("tools/call", {"name": "export_list", "arguments": {"format": each}}) for each in get_args(Format)),
    ]
    for method, params in requests:
        with longest_stretch() as longest:
            shown = await client.result(method, params)
        # An export comes in pieces, of which this is the first.
        assert json.dumps(shown).count("\\n") > (ITEMS / 20 if method == "tools/call" else ITEMS), params
        assert 0 < longest[-1] < ITEMS / 3, params


BULK: list[tuple[str, dict[str, object], str]] = [
    ("update_items", {"view": "all", "set_store": "Market", "convert_to": "g"}, "updated"),
    ("move_items", {"sort": "name"}, "moved"),
    ("move_items", {"view": "all", "to_list": "L2"}, "moved"),
    ("move_items", {"view": "all", "to": "top", "list": "L2", "dry_run": True}, "unchanged"),
]


async def test_a_change_of_everything_of_a_kind_pauses_for_others_and_is_undone(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1)
    await client.call("save_list", name="Elsewhere")
    undo_refs: list[str] = []
    for tool, arguments, status in BULK:
        with longest_stretch() as longest:
            changed = await client.call(tool, **arguments)
        assert changed["counts"][status] > ITEMS / 2
        assert sum(changed["counts"].values()) == ITEMS
        assert len(changed["results"]) == MOST_SHOWN
        assert 0 < longest[-1] < ITEMS / 3, (tool, arguments)
        undo_refs += [changed["undo_ref"]] if "undo_ref" in changed else []
    assert (await client.call("add_items", items=["new"], list="L2"))["results"][0]["ref"] == f"i{ITEMS + 2}"
    for undo_ref in reversed(undo_refs):
        with longest_stretch() as longest:
            undone = await client.call("undo", undo_ref=undo_ref)
        assert set(undone["counts"]) == {"undone"}
        assert 0 < longest[-1] < ITEMS / 3
    shown = (await client.call("list_items", detail="full", limit=200))["items"]
    assert shown == [
        {"ref": f"i{number}", "name": f"stored {number}", "quantity": 2, "unit": "kg"} for number in range(1, 201)
    ]


async def test_copying_thousands_of_items_pauses_for_others_and_is_undone(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1)
    copied: dict[str, Any] = {}
    for tool, status in (("save_list", "added"), ("undo", "undone"), ("undo", "undone")):
        arguments = {"undo_ref": copied["undo_ref"]} if copied else {"name": "Copy", "copy_of": "L1"}
        with longest_stretch() as longest:
            copied = await client.call(tool, **arguments)
        assert copied["counts"][status] >= ITEMS
        assert 0 < longest[-1] < ITEMS / 3, tool
    counts = (await client.call("list_items", list="Copy"))["counts"]
    assert counts == {"open": ITEMS, "checked": 0}


@pytest.mark.parametrize("function", ["item_of", "_remove", "_as_dict", "_encoded_row"])
async def test_a_removal_that_is_cancelled_in_a_pause_removes_nothing(
    client: McpClient, ada: Connected, database: DatabaseUrls, function: str
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1, checked=True)
    calls: Counter[str] = Counter()
    begun = asyncio.Event()

    def called(name: str) -> None:
        calls[name] += 1
        if name == function:
            begun.set()

    removing = asyncio.create_task(client.call("remove_items", what="checked"))
    with watching_calls(called):
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait([waiting, removing], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert begun.is_set(), f"nothing is called {function}"
    assert calls[function] < ITEMS / 3
    removing.cancel()
    with suppress(asyncio.CancelledError):
        await removing

    (shown,) = (await client.call("get_overview"))["lists"]

    assert removing.cancelled()
    assert (shown["open"], shown["checked"]) == (0, ITEMS)


async def lengthen(database: DatabaseUrls, ada: Connected, *, note: str) -> None:
    """Fill Ada's list with open items that have a note."""
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1)
    superuser = await connect(database.superuser)
    await superuser.execute("UPDATE items SET note = $1 WHERE household_id = $2", note, ada.household_id)
    await superuser.close()


async def test_a_list_that_is_too_long_is_read_no_further_than_it_may_be_long(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen(database, ada, note="é" * 2_000)
    uri = f"shopping://{(await client.call('get_overview'))['household']['ref']}/lists/L1"
    calls: Counter[str] = Counter()

    def called(name: str) -> None:
        calls[name] += 1

    with watching_calls(called):
        refusal = await client.error("resources/read", {"uri": uri})
    assert "too long to be shown in one piece" in refusal["message"]
    assert calls["_line"] <= LARGEST / 2_000 + PART
    with watching_calls(called):
        refusal = await client.error("prompts/get", {"name": "plan_meals", "arguments": {}})
    assert "too long to be shown in one piece" in refusal["message"]
    assert calls["_line"] <= 2 * (LARGEST / 2_000 + PART)
    with watching_calls(called):
        piece = await client.call("export_list", format="csv")
    assert "next_cursor" in piece
    assert 0 < calls["_cells"] <= PART


@pytest.mark.parametrize("tool", ["add_items", "check_items"])
async def test_long_lines_are_parsed_with_pauses(client: McpClient, tool: str) -> None:
    line = "2 kg flour (" + "é " * 990 + ")"
    calls: Counter[str] = Counter()
    most: list[int] = [0]

    async def turn() -> None:
        while True:
            most.append(max(most[-1], calls["_parse_phrase"] + calls["parse_phrase"]))
            calls.clear()
            await asyncio.sleep(0)

    def called(name: str) -> None:
        calls[name] += 1

    turns = asyncio.create_task(turn())
    with watching_calls(called):
        await client.send("tools/call", {"name": tool, "arguments": {"items": [f"{n} {line}" for n in range(100)]}})
    turns.cancel()
    assert 0 < most[-1] <= 6


async def test_names_that_nothing_has_are_compared_with_a_long_list_with_pauses(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1)
    with longest_stretch() as longest:
        failed = await client.failed("check_items", items=[f"unheard-of {number}" for number in range(40)])
    assert len(failed) == 40
    assert 0 < longest[-1] < 4 * ITEMS, "a name is compared with a thousand items, whose letters are read once"


async def test_names_with_too_many_lines_are_refused_with_what_to_do(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    await lengthen_lists(database.superuser, [ada.token], ITEMS, ITEMS + 1, checked=True)
    superuser = await connect(database.superuser)
    # A hundred and fifty lines of each name, of which the newest are looked at.
    await superuser.execute(
        """UPDATE items SET name_key = 'stored ' || no / 250, name = 'stored ' || no / 250,
        note = 'n' || no, checked_at = now() - no * interval '1 second' WHERE household_id = $1""",
        ada.household_id,
    )
    await superuser.close()
    names = [f"stored {number}" for number in range(20)]
    for tool in ("add_items", "check_items"):
        refusal = await client.refusal(tool, items=names)
        assert (refusal["code"], refusal["field"]) == ("limit", "items")
        assert "more than 2,000 lines of these names" in refusal["message"]
    added = await client.call("add_items", items=names[:5])
    assert added["counts"] == {"added": 5}
    missing = await client.refusal("check_items", items=[names[1] + " (n499)"], checked=False)
    assert "more lines than are looked at" in missing["message"]
    (missing, _) = (await client.call("check_items", items=[names[1] + " (n499)", "i3"], checked=False))["results"]
    assert "more lines than are looked at" in missing["error"]["message"]
    (found,) = (await client.call("check_items", items=[names[1] + " (n251)"], checked=False))["results"]
    assert found["status"] == "unchecked"
