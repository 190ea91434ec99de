"""Every resource, prompt and completion for somebody without a token, for a viewer, and for another household."""

import json
from typing import Any

import pytest

from app.mcp.prompts.serve import PROMPTS
from app.mcp.resources.serve import RESOURCES
from app.mcp.resources.spec import HouseholdResource
from tests.factory import Connected, Factory
from tests.mcp.client import Era, McpClient

pytestmark = pytest.mark.anyio

Request = tuple[str, dict[str, Any]]

UNKNOWN_HOUSEHOLD = "hzzzzzzzzz"
VALUES = {"list": "L1", "rows": "3"}
OF_HOUSEHOLDS = [each for each in RESOURCES if isinstance(each, HouseholdResource)]
each_resource = pytest.mark.parametrize("resource", OF_HOUSEHOLDS, ids=lambda each: each.name)


def completion(reference: dict[str, str], variable: str, household: str | None = None) -> Request:
    """A request for all values of a variable, which may name the household that was chosen before."""
    context = {} if household is None else {"context": {"arguments": {"household": household}}}
    params = {"ref": reference, "argument": {"name": variable, "value": ""}, **context}
    return "completion/complete", params


def requests(household: str) -> list[Request]:
    """Every list, and a request for each resource, prompt and variable."""
    found: list[Request] = [
        ("resources/list", {}),
        ("resources/templates/list", {}),
        ("prompts/list", {}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": [f"shopping://{household}/lists"]}}),
    ]
    for resource in RESOURCES:
        uri = resource.template.expand({"household": household, **VALUES})
        found.append(("resources/read", {"uri": uri}))
        reference = {"type": "ref/resource", "uri": str(resource.template)}
        found += [completion(reference, name, household) for name in resource.template.variable_names]
    for prompt in PROMPTS:
        found.append(("prompts/get", {"name": prompt.name, "arguments": {}}))
        reference = {"type": "ref/prompt", "name": prompt.name}
        found += [completion(reference, argument.name) for argument in prompt.arguments]
    return found


async def fill(client: McpClient) -> str:
    """Store something for every request to show; return the household's ref."""
    await client.call("save_list", name="Secret hardware", store="Secret depot")
    await client.call("add_items", items=["secret milk", "secret tea"], list="Groceries")
    await client.call("check_items", items=["secret tea"], store="Secret market", list="Groceries")
    return (await client.call("get_overview"))["household"]["ref"]


async def answer(client: McpClient, request: Request) -> tuple[int, str]:
    """The status of a response and its body, byte for byte but for the id of the request."""
    method, params = request
    message = {**client.message(method, params), "id": 1}
    headers = client.headers(method, params.get("name", params.get("uri")))
    response = await client.http.post(client.path, content=json.dumps(message), headers=headers)
    return response.status_code, response.text


def test_every_variable_and_prompt_is_tried() -> None:
    tried = [params["ref"] for method, params in requests("h1") if method == "completion/complete"]
    assert len(tried) == sum(len(each.template.variable_names) for each in RESOURCES) + sum(
        len(each.arguments) for each in PROMPTS
    )


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic QQ=="])
async def test_a_stranger_is_asked_to_sign_in_whatever_the_request(
    client: McpClient, authorization: str | None, era: Era
) -> None:
    household = await fill(client)
    nobody = McpClient(client.http, "", era)
    for method, params in requests(household):
        headers = nobody.headers(method, params.get("name", params.get("uri")))
        del headers["Authorization"]
        if authorization is not None:
            headers["Authorization"] = authorization
        response = await client.http.post("/mcp", json=nobody.message(method, params), headers=headers)
        assert response.status_code == 401, method
        assert response.headers["www-authenticate"].startswith("Bearer ")
        assert "ecret" not in response.text


async def test_a_token_that_may_not_read_is_told_the_scope_whatever_the_request(
    each_era: McpClient, factory: Factory, ada: Connected
) -> None:
    household = await fill(each_era)
    nothing = await factory.connect(ada.person, ada.household_id, token_scopes=())
    blind = McpClient(each_era.http, nothing.token, each_era.era)
    for request in requests(household):
        status, body = await answer(blind, request)
        assert status == 403, request
        assert "ecret" not in body


async def test_a_viewer_sees_what_the_owner_sees(each_era: McpClient, factory: Factory, ada: Connected) -> None:
    household = await fill(each_era)
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(each_era.http, (await factory.connect(vic, ada.household_id)).token, each_era.era)
    for request in requests(household):
        if request[0] != "subscriptions/listen":
            shown = await answer(viewer, request)
            assert shown[0] == 200, request
            assert shown == await answer(each_era, request)


@pytest.fixture
async def eve(factory: Factory, each_era: McpClient) -> McpClient:
    """Somebody of another household."""
    return McpClient(each_era.http, (await factory.connected("Eve")).token, each_era.era)


async def test_nothing_of_another_household_is_in_any_answer(each_era: McpClient, eve: McpClient) -> None:
    household = await fill(each_era)
    for request in requests(household):
        _, body = await answer(eve, request)
        assert "ecret" not in body, request
        assert "Ada" not in body


@pytest.mark.proves("rs-no-data-leak")
@each_resource
async def test_a_resource_of_another_household_is_answered_byte_for_byte_like_none(
    each_era: McpClient, eve: McpClient, resource: HouseholdResource
) -> None:
    household = await fill(each_era)
    uri = resource.template.expand({"household": household, **VALUES})
    _, shown = await answer(each_era, ("resources/read", {"uri": uri}))
    assert "ecret" in shown or resource.name == "members"
    unknown = uri.replace(household, UNKNOWN_HOUSEHOLD)
    foreign = await answer(eve, ("resources/read", {"uri": uri}))
    none = await answer(eve, ("resources/read", {"uri": unknown}))
    assert (foreign[0], foreign[1].replace(household, UNKNOWN_HOUSEHOLD)) == none
    followed = [{"notifications": {"resourceSubscriptions": [each]}} for each in (uri, unknown)]
    heard = [await answer(eve, ("subscriptions/listen", params)) for params in followed]
    assert heard[0] == heard[1]
    if "list" in resource.template.variable_names:
        own = (await eve.call("get_overview"))["household"]["ref"]
        missing = uri.replace(household, own).replace("L1", "L2")
        assert (await answer(eve, ("resources/read", {"uri": missing})))[1].replace(missing, unknown) == none[1]


@each_resource
async def test_a_completion_in_another_household_is_answered_byte_for_byte_like_in_none(
    each_era: McpClient, eve: McpClient, resource: HouseholdResource
) -> None:
    household = await fill(each_era)
    reference = {"type": "ref/resource", "uri": str(resource.template)}
    for variable in resource.template.variable_names:
        foreign = await answer(eve, completion(reference, variable, household))
        assert foreign == await answer(eve, completion(reference, variable, UNKNOWN_HOUSEHOLD))
        assert foreign == await answer(eve, completion(reference, variable, "Ada's household"))


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
async def test_a_prompt_with_a_list_of_another_household_is_answered_like_with_none(
    each_era: McpClient, eve: McpClient, prompt: Any
) -> None:
    await fill(each_era)
    if "list" not in {each.name for each in prompt.arguments}:
        refused = await answer(eve, ("prompts/get", {"name": prompt.name, "arguments": {"list": "L2"}}))
        assert "has no argument list" in refused[1]
        return
    answers = [
        await answer(eve, ("prompts/get", {"name": prompt.name, "arguments": {"list": name}}))
        for name in ("L2", "Secret hardware", "L9", "Nowhere")
    ]
    assert answers == [answers[0]] * 4
    assert "ecret" not in answers[0][1]
