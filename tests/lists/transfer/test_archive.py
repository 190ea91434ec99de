"""Archives that were altered, or made to harm: each is refused with its reason, and nothing is stored."""

import io
import json
import warnings
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import httpx
import pytest

from app.db import Engine
from app.db.embedded import DatabaseUrls
from app.errors import Invalid
from app.lists.models import GAP_BITS
from app.lists.transfer import archive as archives
from app.lists.transfer.archive import LONGEST_LINE, HouseholdArchive
from app.lists.transfer.records import SECTIONS, file_of
from tests.db.looking import rows
from tests.factory import Connected, Factory
from tests.lists.transfer.test_round_trip import bring_back, packed
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

SETTINGS = {
    "format": "shopping-list-mcp/household",
    "version": 1,
    "name": "Home",
    "currency": "EUR",
    "locale": "en",
    "time_zone": "UTC",
}
MIDNIGHT = "2026-01-01T00:00:00Z"
UNCOMMON = "".join(chr(0x4E00 + number) for number in range(1_000))
"""A name that can't be made shorter, and no index takes as it is."""

LIST = {"no": 1, "name": "Groceries"}
ITEM = {"no": 1, "list": 1, "name": "tea", "position": 5}

PAID = {"payer": 1, "payee": 2, "amount": "5", "currency": "EUR", "paid_at": MIDNIGHT}


def files(**sections: list[dict[str, Any]]) -> dict[str, str]:
    """The files of an archive with one list on which is tea, or with other records."""
    every = {"lists": [LIST], "items": [ITEM], **sections}
    texts = {file_of(name): "".join(json.dumps(each) + "\n" for each in every.get(name, [])) for name in SECTIONS}
    return {"household.json": json.dumps(SETTINGS), **texts}


async def refusal(engine: Engine, ada: Connected, file: io.BytesIO) -> str:
    """Why an archive is refused."""
    with pytest.raises(Invalid) as refused:
        await bring_back(engine, file, ada.person)
    return refused.value.message


async def test_a_plain_archive_is_brought_back(engine: Engine, ada: Connected) -> None:
    await bring_back(engine, packed(files()), ada.person)


async def test_an_archive_from_before_settlements_is_brought_back(engine: Engine, ada: Connected) -> None:
    archive = files()
    del archive["settlements.jsonl"]
    await bring_back(engine, packed(archive), ada.person)


async def test_what_is_added_stands_behind_what_was_brought_back(
    http: httpx.AsyncClient, factory: Factory, engine: Engine, ada: Connected
) -> None:
    far = [ITEM, {**ITEM, "no": 2, "name": "rice", "position": 9 << GAP_BITS}]
    household_id = await bring_back(engine, packed(files(items=far)), ada.person)
    client = McpClient(http, (await factory.connect(ada.person, household_id)).token)

    await client.call("add_items", items=["salt"])

    listed = await client.call("list_items", group_by="none")
    assert [each["name"] for each in listed["items"]] == ["tea", "rice", "salt"]


BAD: list[tuple[dict[str, list[dict[str, Any]]], str]] = [
    ({"items": [{**ITEM, "name": "a\0b"}]}, "items.jsonl, line 1: name"),
    ({"items": [ITEM, {**ITEM, "no": 2, "name": "x" * 201}]}, "items.jsonl, line 2: name"),
    ({"items": [{**ITEM, "no": 0}]}, "items.jsonl, line 1: no"),
    ({"items": [{**ITEM, "no": 10**9}]}, "items.jsonl, line 1: no"),
    ({"items": [{**ITEM, "colour": "red"}]}, "colour: Extra inputs are not permitted"),
    ({"items": [{**ITEM, "no": 999_999_999}]}, "items.jsonl, line 1: no"),  # the next one could not be named
    ({"items": [{**ITEM, "position": 2**63}]}, "items.jsonl, line 1: position"),
    ({"items": [{**ITEM, "position": 2**52}]}, "items.jsonl, line 1: position"),  # nothing could be put behind it
    ({"items": [{**ITEM, "position": -(2**63)}]}, "items.jsonl, line 1: position"),
    ({"items": [{**ITEM, "list": 2}]}, "item 1: there is no list 2"),
    ({"items": [{**ITEM, "recipe": 2}]}, "item 1: there is no recipe 2"),
    ({"items": [{**ITEM, "assignee": 2}]}, "item 1: there is no person 2"),
    ({"items": [ITEM, ITEM]}, "items.jsonl: number 1 is there twice"),
    ({"items": [ITEM, {**ITEM, "no": 2}]}, "something twice that there is once: items"),
    ({"lists": [LIST, {"no": 2, "name": "GROCERIES"}]}, "something twice that there is once: lists"),
    ({"items": [{**ITEM, "amount": "1"}]}, "measure and unit don't belong together"),
    ({"items": [{**ITEM, "measure": "mass", "amount": "NaN", "unit": "kg"}]}, "items.jsonl, line 1: amount"),
    ({"items": [{**ITEM, "measure": "mass", "amount": "-1", "unit": "kg"}]}, "items.jsonl, line 1: amount"),
    ({"items": [{**ITEM, "measure": "volume", "amount": "1", "unit": "kg"}]}, "don't belong together"),
    ({"items": [{**ITEM, "checked_at": "2026-01-01T00:00:00"}]}, "checked_at: Input should have timezone info"),
    ({"items": [{**ITEM, "checked_at": "9999-12-31T23:59:59-23:59"}]}, "items.jsonl, line 1: checked_at"),
    ({"purchases": [{"item": 9, "name": "tea", "currency": "EUR", "bought_at": "2026-01-01T00:00:00Z"}]}, "no item 9"),
    ({"purchases": [{"item": 1, "name": "tea", "currency": "XXX", "bought_at": "2026-01-01T00:00:00Z"}]}, "currency"),
    ({"settlements": [{**PAID, "payee": 1}]}, "payer and payee are one person"),
    ({"settlements": [{**PAID, "amount": "0"}]}, "settlements.jsonl, line 1: amount"),
    ({"settlements": [{**PAID, "amount": "NaN"}]}, "settlements.jsonl, line 1: amount"),
    ({"settlements": [PAID]}, "there is no person 1"),
    ({"plan": [{"day": "2026-01-01", "position": 1}]}, "a meal is either a recipe or words"),
    ({"plan": [{"day": "2026-01-01", "position": 2**31 - 1, "words": "soup"}]}, "plan.jsonl, line 1: position"),
    ({"pantry": [{"key": UNCOMMON, "name": "tea", "have": True, "said_at": MIDNIGHT}]}, "too long to be looked up"),
    ({"aisles": [{"store": UNCOMMON, "name": "tea", "mean_position": 1, "trips": 1}]}, "too long to be looked up"),
    ({"aisles": [{"store": "m", "name": "tea", "mean_position": 1e300, "trips": 1}]}, "mean_position"),
    ({"people": [{"no": 1, "name": "Ann"}, {"no": 1, "name": "Ben"}]}, "people.jsonl: number 1 is there twice"),
    ({"people": [{"no": n, "name": "Ann"} for n in range(1, 300)]}, "more than 200 people"),
]


@pytest.mark.parametrize(("sections", "says"), BAD)
async def test_a_fault_is_named_by_file_and_line_and_nothing_is_stored(
    engine: Engine, ada: Connected, sections: dict[str, Any], says: str
) -> None:
    assert says in await refusal(engine, ada, packed(files(**sections)))


async def test_settings_are_checked(engine: Engine, ada: Connected) -> None:
    for changed, says in [
        ({"version": 2}, "version"),
        ({"format": "other"}, "format"),
        ({"currency": "XXX"}, "currency"),
        ({"name": ""}, "name"),
        ({"locale": "tlh"}, "locale"),
    ]:
        altered = {**files(), "household.json": json.dumps({**SETTINGS, **changed})}
        assert f"household.json: {says}" in await refusal(engine, ada, packed(altered))


def damaged() -> dict[str, bytes]:
    """Archives that are none, by what is wrong with them."""
    whole = packed(files()).getvalue()
    bzip2 = io.BytesIO()
    with ZipFile(bzip2, "w", ZIP_BZIP2) as archive:
        for name, text in files().items():
            archive.writestr(name, text)
    twice = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), ZipFile(twice, "w") as archive:
        for name, text in [*files().items(), *files().items()]:
            archive.writestr(name, text)
    many = io.BytesIO()
    with ZipFile(many, "w") as archive:
        for name, text in [*files().items(), *((f"more/{number}", "") for number in range(1_001))]:
            archive.writestr(name, text)
    place = whole.index(b"Groceries")
    return {
        "no ZIP archive": b"hello",
        "no ZIP archive, or": whole[:-30],
        "packed by a method": bzip2.getvalue(),
        "two files of one name": twice.getvalue(),
        "more than 1,000 files": many.getvalue(),
        "lists.jsonl can't be read": whole[:place] + b"X" + whole[place + 1 :],
        "This is no export of a household": packed(
            {name: text for name, text in files().items() if name != "items.jsonl"}
        ).getvalue(),
        "the limit": bytes(archives.LONGEST_ARCHIVE + 1),
    }


@pytest.mark.parametrize("says", list(damaged()))
async def test_what_is_no_archive_of_a_household_is_refused(engine: Engine, ada: Connected, says: str) -> None:
    assert says in await refusal(engine, ada, io.BytesIO(damaged()[says]))


async def test_paths_in_an_archive_lead_nowhere(engine: Engine, ada: Connected) -> None:
    await bring_back(engine, packed({**files(), "../../etc/passwd": "root", "/tmp/x": "y"}), ada.person)  # noqa: S108


async def test_a_bomb_is_refused_before_and_while_it_is_unpacked(
    engine: Engine, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = io.BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        for name, text in files().items():
            archive.writestr(name, text)
    with ZipFile(bomb, "a", ZIP_DEFLATED) as archive, archive.open("lists/bomb.csv", "w") as member:
        member.write(bytes(10_000_000))
    await bring_back(engine, bomb, ada.person)  # what isn't needed isn't unpacked
    long_line = {**files(), "items.jsonl": "x" * (LONGEST_LINE + 10)}
    assert "has a line of more than" in await refusal(engine, ada, packed(long_line))
    monkeypatch.setattr(archives, "LONGEST_CONTENT", 500)
    many = files(items=[{**ITEM, "no": number, "name": f"tea {number}"} for number in range(1, 50)])
    assert "Unpacked it has more than 500 bytes" in await refusal(engine, ada, packed(many))
    opened = HouseholdArchive(packed(files()))
    monkeypatch.setattr(opened, "_left", 10)
    with pytest.raises(Invalid, match="has a line of more than"):
        list(opened.records("items"))
    monkeypatch.setattr(archives, "MOST_RECORDS", 3)
    monkeypatch.setattr(archives, "LONGEST_CONTENT", 10**6)
    assert "more than 3 records" in await refusal(engine, ada, packed(many))


async def test_nothing_is_left_of_an_import_that_failed(engine: Engine, ada: Connected, database: DatabaseUrls) -> None:
    async def counted() -> list[Any]:
        return [
            await rows(database.superuser, f"SELECT count(*) FROM {table}")
            for table in ("households", "people", "memberships")
        ]

    before = await counted()
    people = [{"no": 1, "name": "Ben"}]
    await refusal(engine, ada, packed(files(people=people, aisles=[{"store": "m"}])))
    assert await counted() == before


@pytest.mark.parametrize("price", ["0e999999999", "0e-999999999", "-0", "1.5e1"])
async def test_numbers_with_an_exponent_are_brought_back(engine: Engine, ada: Connected, price: str) -> None:
    bought = {
        "name": "tea",
        "currency": "EUR",
        "bought_at": MIDNIGHT,
        "price": price,
        "store": "m",
        "place_of_trip": price,
    }
    await bring_back(engine, packed(files(purchases=[bought])), ada.person)
