"""A guest reaches one list only: whatever they send, in whatever order, to whatever address."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route

from app.mcp.catalogue import EVERY_ENDPOINT, TOOLS
from app.mcp.prompts.serve import PROMPTS
from app.mcp.resources.serve import RESOURCES
from tests.factory import Factory
from tests.guests import Guest, share
from tests.mcp.client import McpClient
from tests.mcp.test_tenancy import ARGUMENTS

pytestmark = pytest.mark.anyio

SECRET = "zebra"
"""Is in every name that the guest must not see, here and in the other household; and in no word of ours."""

METHODS = ("resources/list", "resources/templates/list", "prompts/list", "tools/list")
PATHS = [each.path for each in EVERY_ENDPOINT]
REFS = st.sampled_from(["i1", "i2", "i3", "i4", "i5", "i99", "saw", f"{SECRET} saw", "milk", "*"])
LISTS = st.sampled_from(["L1", "L2", "L3", "*", "Groceries", f"{SECRET} tools", "default", ""])
VALUES = {
    "list": LISTS,
    "to_list": LISTS,
    "household": st.sampled_from(["$here", "$there", f"{SECRET} home", ""]),
    "item": REFS,
    "items": st.lists(REFS, min_size=1, max_size=3),
    "query": st.sampled_from([SECRET, "saw", "e", "milk"]),
    "store": st.just(f"{SECRET} depot"),
    "person": st.sampled_from([f"{SECRET} Ada", "me", "Grandma"]),
    "assignee": st.sampled_from([f"{SECRET} Ada", "me"]),
    "idempotency_key": st.just("used before"),
    "undo_ref": st.sampled_from(["e1", "e2", "e3", "e1-e9"]),
    "recipe": st.sampled_from(["R1", f"{SECRET} soup"]),
    "cursor": st.just("$cursor"),
    "view": st.sampled_from(["open", "checked", "waiting", "all"]),
    "detail": st.just("full"),
    "since_rev": st.integers(0, 20),
    "group_by": st.sampled_from(["store", "recipe", "assignee", "person", "item"]),
    "format": st.sampled_from(["csv", "json"]),
}


@dataclass(frozen=True)
class Sent:
    """One request: a JSON-RPC method at an endpoint, or a form or page; without a path the one with this number."""

    path: str
    method: str
    params: Any
    page: int = 0


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    kind = draw(
        st.sampled_from(["tool", "tool", "tool", "resource", "listen", "completion", "prompt", "list", "page", "tick"])
    )
    path = draw(st.sampled_from([*PATHS, "/mcp/guest", "/mcp/guest"]))
    if kind == "tick":
        pressed = {draw(st.sampled_from(["tick", "untick"])): draw(REFS)}
        return Sent("/guest/tick", "POST", {"code": "$code", "form_token": "$tick", **pressed})
    if kind == "page":
        form = draw(st.fixed_dictionaries({}, optional=_FORM))
        return Sent("", draw(st.sampled_from(["GET", "POST"])), form, draw(st.integers(0, 200)))
    if kind == "list":
        return Sent(path, draw(st.sampled_from(METHODS)), {})
    if kind == "prompt":
        name = draw(st.sampled_from(PROMPTS)).name
        return Sent(path, "prompts/get", {"name": name, "arguments": draw(st.dictionaries(st.just("list"), LISTS))})
    household, ref = draw(st.sampled_from(["$here", "$there"])), draw(st.sampled_from(["L1", "L2", "L3"]))
    resource = draw(st.sampled_from(RESOURCES))
    uri = resource.template.expand({"household": household, "list": ref, "rows": "3"}).replace("%24", "$")
    if kind == "resource":
        return Sent(path, "resources/read", {"uri": uri})
    if kind == "listen":
        wanted = {"resourceSubscriptions": [uri], "resourcesListChanged": draw(st.booleans())}
        return Sent(path, "subscriptions/listen", {"notifications": wanted}) if _is_refused(uri) else Sent(path, *_READ)
    if kind == "completion":
        reference = {"type": "ref/resource", "uri": str(resource.template)}
        variable = draw(st.sampled_from([*resource.template.variable_names, "list"]))
        chosen = {"context": {"arguments": {"household": household}}}
        asked = {"ref": reference, "argument": {"name": variable, "value": draw(st.sampled_from(["", SECRET]))}}
        return Sent(path, "completion/complete", asked | chosen)
    tool = draw(st.sampled_from([each.name for each in TOOLS]))
    changed = draw(st.dictionaries(st.sampled_from(sorted(VALUES)), st.none(), max_size=4))
    arguments = ARGUMENTS[tool] | {name: draw(VALUES[name]) for name in changed}
    if draw(st.booleans()):
        arguments = {name: value for name, value in arguments.items() if name in changed}
    return Sent(path, "tools/call", {"name": tool, "arguments": arguments})


_READ: tuple[str, dict[str, Any]] = ("resources/list", {})
_FORM = {
    "code": st.sampled_from(["$code", "$key", "x"]),
    "tick": REFS,
    "untick": REFS,
    "which": st.sampled_from(["$here", "$there"]),
    "cursor": st.just("$cursor"),
    "form_token": st.sampled_from(["$tick", "$key_form", "0" * 64]),
    "next": st.just("/household"),
}


def _is_refused(uri: str) -> bool:
    """Whether following it is answered at once; the stream of the guest's own list would stay open."""
    return not uri.endswith("$here/lists/L1") and "guide" not in uri


@dataclass(frozen=True)
class World:
    """What is there: a guest, who they are let in by, and how to look at everything."""

    http: httpx.AsyncClient
    ada: McpClient
    guest: Guest
    key: str
    replaced: dict[str, str]
    pages: tuple[str, ...]


@pytest.fixture
async def world(http: httpx.AsyncClient, factory: Factory, app: Starlette) -> World:
    """Two households full of secrets, and a link to the list Groceries (L1, with i1 and i2)."""
    ada = await factory.connected("Ada")
    eve = await factory.connected("Eve")
    client, other = McpClient(http, ada.token), McpClient(http, eve.token)
    for each in (client, other):
        await each.call("save_household", name=f"{SECRET} home")
        await each.call("add_items", items=["milk", "tea"], list="L1", idempotency_key="used before")
        await each.call(
            "save_list", name=f"{SECRET} tools", store=f"{SECRET} depot", category_order=[f"{SECRET} aisle"]
        )
        await each.call(
            "add_items", items=[{"name": f"{SECRET} saw", "note": SECRET, "price": 5}, f"{SECRET} nails"], list="L2"
        )
        await each.call("check_items", items=["i4"], store=f"{SECRET} depot")
        await each.call("save_recipe", name=f"{SECRET} soup", items=[f"{SECRET} stock"])
        await each.call("apply_recipe", recipe="R1", list="L2")
        await each.call("update_items", items=[{"item": "i1", "assignee": "me", "price": 3}])
    guest = Guest(http, await share(client, can_tick=True))
    key = (await guest.client()).token
    tokens = guest.tokens(await guest.open())
    replaced = {
        "$here": (await client.call("get_overview"))["household"]["ref"],
        "$there": (await other.call("get_overview"))["household"]["ref"],
        "$cursor": (await client.call("list_items", list="*", limit=1))["next_cursor"],
        "$code": guest.code,
        "$key_form": tokens["/guest/key"],
        "$key": key,
        "$tick": tokens["/guest/tick"],
    }
    routes = [each for each in app.routes if isinstance(each, Route)]
    found = {each.path for each in routes if "{" not in each.path and not each.path.startswith("/mcp")}
    pages = (*sorted(found), *["/guest", "/guest/tick", "/guest/key"] * 5)
    return World(http, client, guest, key, replaced, pages)


async def state(world: World) -> dict[str, Any]:
    """Everything of the household but whether an item of the guest's list was bought, and what that leaves behind."""
    shown = await world.ada.call("list_items", list="*", view="all", detail="full")
    changing = {"checked", "bought_at", "bought_by"}
    items = [
        {name: value for name, value in each.items() if each["list"] != "L1" or name not in changing}
        for each in shown["items"]
    ]
    overview = await world.ada.call("get_overview")
    return {
        "items": sorted(items, key=lambda each: each["ref"]),
        "members": overview["members"],
        "guests": overview["guests"],
        "household": overview["household"],
        "lists": [{**each, "rev": 0, "open": 0, "checked": 0} for each in overview["lists"]],
        "recipes": (await world.ada.call("get_recipes"))["recipes"],
    }


@pytest.mark.proves("gu-one-list")
@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(sequence=st.lists(requests(), min_size=5, max_size=15))
async def test_no_sequence_shows_a_guest_anything_but_their_list(world: World, sequence: list[Sent]) -> None:
    before = await state(world)
    for sent in sequence:
        response = await send(world, sent)
        assert response.status_code < 500, (sent, response.text)
        told = response.text.lower()
        # What a guest sends may be told to them again, where it was wrong.
        for echoed in sorted(texts_in(sent), key=len, reverse=True):
            told = told.replace(json.dumps(echoed.lower())[1:-1], "")
        assert SECRET not in told, (sent, response.text)
        assert "example.org" not in told, (sent, response.text)
    assert await state(world) == before


async def send(world: World, sent: Sent) -> httpx.Response:
    """Send a request as the guest, with the secrets and refs that they may have learned in place of the variables."""
    text = json.dumps(sent.params)
    for variable, value in world.replaced.items():
        text = text.replace(variable, value)
    params = json.loads(text)
    bearer = {"Authorization": f"Bearer {world.key}"}
    if sent.path in PATHS:
        return await McpClient(world.http, world.key, path=sent.path).send(sent.method, params)
    page = sent.path or world.pages[sent.page % len(world.pages)]
    if sent.method == "GET":
        return await world.http.get(page, params=params, headers=bearer)
    return await world.http.post(page, data=params, headers=bearer)


def texts_in(sent: Sent) -> set[str]:
    """Every text that a request holds."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for each in value.values():  # pyright: ignore[reportUnknownVariableType]
                look(each)
        elif isinstance(value, list):
            for each in value:  # pyright: ignore[reportUnknownVariableType]
                look(each)

    look(sent.params)
    return found - {""}
