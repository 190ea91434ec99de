"""Two people who never met, and the second device of one of them, all through the whole flow."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.device import Device
from tests.journeys.fast import fastmcp
from tests.journeys.official import official
from tests.journeys.person import Person, browsing
from tests.journeys.product import Product

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("journeys"), pytest.mark.processes]

Connect = Callable[[Person], AbstractAsyncContextManager[Device]]
"""Connects a new device of a person, with a registration and a consent of its own."""


@pytest.fixture(params=["official", "fastmcp"])
def connect(request: pytest.FixtureRequest, product: Product, tmp_path: Path) -> Connect:
    """One client library after the other."""
    devices = 0

    def with_official(person: Person) -> AbstractAsyncContextManager[Device]:
        return official(product.mcp_url, person)

    def with_fastmcp(person: Person) -> AbstractAsyncContextManager[Device]:
        nonlocal devices
        devices += 1
        storage = tmp_path / f"device{devices}"
        storage.mkdir()
        return fastmcp(product.mcp_url, person, storage)

    return with_official if request.param == "official" else with_fastmcp


@pytest.fixture
async def ada_at_a_new_phone(ada: Person) -> AsyncGenerator[Person]:
    """The first person at a browser where nobody is signed in."""
    async with browsing(ada.email) as person:
        yield person


async def refused(device: Device, tool: str, **arguments: Any) -> dict[str, Any]:
    """The error of a call that is refused."""
    result = await device.call_tool(tool, arguments)
    assert result.is_error, result
    text = result.content[0]
    assert text.type == "text"
    return json.loads(text.text)["error"]


async def test_two_people_see_nothing_of_each_other(connect: Connect, ada: Person, bob: Person) -> None:
    async with connect(ada) as adas, connect(bob) as bobs:
        await adas.call("add_items", items=["insulin", "2 kg flour"])
        assert await bobs.names() == []
        await bobs.call("add_items", items=["flour", "beer"])
        assert await bobs.names() == ["flour", "beer"]
        assert await adas.names() == ["insulin", "flour"]
        assert await bobs.names(list="*", view="open", query="insulin") == []
        overviews = [await each.call("get_overview") for each in (adas, bobs)]
    for overview in overviews:
        assert [each["name"] for each in overview["lists"]] == ["Groceries"]
        assert [each["open"] for each in overview["lists"]] == [2]
        assert len(overview["members"]) == 1
        assert "other_households" not in overview
    assert overviews[0]["household"]["ref"] != overviews[1]["household"]["ref"]


async def test_a_household_of_others_is_answered_like_one_that_does_not_exist(
    connect: Connect, ada: Person, bob: Person
) -> None:
    async with connect(ada) as adas, connect(bob) as bobs:
        await adas.call("add_items", items=["insulin"])
        theirs = (await adas.call("get_overview"))["household"]
        for tool, arguments in (("get_overview", {}), ("list_items", {}), ("add_items", {"items": ["beer"]})):
            hidden, by_name, missing = [
                json.dumps(await refused(bobs, tool, household=named, **arguments)).replace(named, "")
                for named in (theirs["ref"], theirs["name"], "no-such-household")
            ]
            assert hidden == by_name == missing
            assert json.loads(missing)["code"] == "not_found"
        assert await adas.names() == ["insulin"]


async def test_a_second_device_of_a_person_sees_the_same_list_at_once(
    connect: Connect, ada: Person, ada_at_a_new_phone: Person
) -> None:
    async with connect(ada) as laptop:
        await laptop.call("add_items", items=["milk"])
        async with connect(ada_at_a_new_phone) as phone:
            assert await phone.names() == ["milk"]
            await phone.call("add_items", items=["bread"])
            assert await laptop.names() == ["milk", "bread"]
            await laptop.call("add_items", items=["2 l milk"])
            assert (await phone.call("list_items"))["counts"] == (await laptop.call("list_items"))["counts"]
        registered = [each.oauth.context.client_info for each in (laptop, phone)]
    assert registered[0] is not None
    assert registered[1] is not None
    assert registered[0].client_id != registered[1].client_id
    assert len(ada.asked) == len(ada_at_a_new_phone.asked) == 1


async def test_two_libraries_in_two_eras_share_the_list_of_a_person(
    product: Product, ada: Person, ada_at_a_new_phone: Person, tmp_path: Path
) -> None:
    async with (
        official(product.mcp_url, ada, "legacy") as old,
        fastmcp(product.mcp_url, ada_at_a_new_phone, tmp_path) as new,
    ):
        await old.call("add_items", items=["milk"])
        await new.call("add_items", items=["bread"])
        assert await old.names() == await new.names() == ["milk", "bread"]
