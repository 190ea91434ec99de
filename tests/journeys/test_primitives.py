"""The official SDK's client, in both eras over HTTP, reaches every primitive that the service offers."""

import base64

import anyio
import pytest
from mcp import MCPError
from mcp.shared.subscriptions import ResourceUpdated
from mcp_types import (
    EmbeddedResource,
    ImageContent,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

from app.mcp.catalogue import TOOLS
from app.mcp.prompts.serve import PROMPTS
from app.mcp.resources.serve import RESOURCES
from tests.journeys.device import ERAS, Mode
from tests.journeys.official import official_client
from tests.journeys.person import SECONDS, Person
from tests.journeys.product import Product

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("journeys")]


async def test_tools_are_listed_and_called(product: Product, ada: Person, mode: Mode) -> None:
    async with official_client(product.mcp_url, ada, mode) as client:
        assert client.protocol_version == ERAS[mode]
        assert client.instructions
        assert client.server_info is not None
        assert client.server_info.icons is not None
        assert client.server_info.icons[0].src == f"{product.url}/static/icon.png"
        assert [tool.name for tool in (await client.list_tools()).tools] == [tool.name for tool in TOOLS]
        await client.call_tool("add_items", {"items": [{"name": "milk", "price": 1.19}]})
        await client.call_tool("check_items", {"items": ["milk"]})
        plain = await client.call_tool("get_spending", {})
        drawn = await client.call_tool("get_spending", {"chart": True})
        assert drawn.structured_content == plain.structured_content
        *texts, image = drawn.content
        assert texts == plain.content
        assert isinstance(image, ImageContent)
        assert image.mime_type == "image/svg+xml"
        assert base64.b64decode(image.data).startswith(b"<svg")


async def test_resources_are_listed_and_read(product: Product, ada: Person, mode: Mode) -> None:
    async with official_client(product.mcp_url, ada, mode) as client:
        await client.call_tool("add_items", {"items": ["milk"]})
        resources = (await client.list_resources()).resources
        assert {each.name for each in resources} == {"quantities", "lists", "members", "list"}
        templates = (await client.list_resource_templates()).resource_templates
        assert [each.uri_template for each in templates] == [
            str(each.template) for each in RESOURCES if each.is_template
        ]
        for each in (*resources, *templates):
            assert each.title
            assert each.icons
        groceries = next(each.uri for each in resources if each.name == "list")
        for uri in (*(each.uri for each in resources), f"{groceries}.csv", "shopping://sample/3"):
            (contents,) = (await client.read_resource(uri)).contents
            assert isinstance(contents, TextResourceContents)
            assert contents.uri == uri
            assert contents.text
            assert "milk" in contents.text or not uri.startswith(groceries)
        with pytest.raises(MCPError, match="no such resource"):
            await client.read_resource("shopping://sample/0")


async def test_prompts_are_listed_and_read(product: Product, ada: Person, mode: Mode) -> None:
    async with official_client(product.mcp_url, ada, mode) as client:
        listed = (await client.list_prompts()).prompts
        assert [each.name for each in listed] == [each.name for each in PROMPTS]
        for each in listed:
            assert each.title
            assert each.icons
            request, *attached = (await client.get_prompt(each.name, {})).messages
            assert isinstance(request.content, TextContent)
            assert all(isinstance(message.content, EmbeddedResource) for message in attached)
            assert bool(attached) is (each.name != "spending_review")


async def test_variables_are_completed(product: Product, ada: Person, mode: Mode) -> None:
    async with official_client(product.mcp_url, ada, mode) as client:
        await client.call_tool("save_list", {"name": "Épicerie", "store": "Carrefour"})
        by_prompt = PromptReference(name="go_shopping")
        for argument, typed, expected in (("list", "EP", ["Épicerie"]), ("store", "carr", ["Carrefour"])):
            found = (await client.complete(by_prompt, {"name": argument, "value": typed})).completion
            assert (found.values, found.total, found.has_more) == (expected, 1, False)
        by_template = ResourceTemplateReference(uri="shopping://{household}/lists/{list}")
        (household,) = (await client.complete(by_template, {"name": "household", "value": ""})).completion.values
        chosen = {"household": household}
        found = await client.complete(by_template, {"name": "list", "value": "epi"}, context_arguments=chosen)
        assert found.completion.values == ["L2"]


async def test_a_list_is_followed(product: Product, ada: Person) -> None:
    """Older revisions have no way to follow without a session."""
    async with official_client(product.mcp_url, ada, "auto") as client:
        uris = [each.uri for each in (await client.list_resources()).resources]
        with anyio.fail_after(SECONDS):
            async with client.listen(resource_subscriptions=uris) as following:
                await client.call_tool("add_items", {"items": ["milk"]})
                heard = {await anext(following), await anext(following)}
        assert heard == {ResourceUpdated(uri) for uri in uris if "/lists" in uri}
