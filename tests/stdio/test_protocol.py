"""What a host reaches through stdin: the whole catalogue, in both protocol eras, with the official client."""

import csv
from io import StringIO

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated
from mcp_types import PromptReference, ResourceTemplateReference, TextContent, TextResourceContents

from app import VERSION
from app.mcp.catalogue import TOOLS
from app.mcp.prompts.serve import PROMPTS
from app.mcp.resources.serve import RESOURCES
from tests.command import run
from tests.db.looking import rows
from tests.journeys.device import ERAS, Device, Mode
from tests.journeys.product import Product
from tests.stdio.conftest import ADA
from tests.stdio.host import SECONDS, Host, call, names, official

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stdio")]


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ERAS)
async def test_the_official_client_reaches_every_primitive(product: Product, mode: Mode) -> None:
    async with official(product.data_dir, mode) as client:
        assert client.protocol_version == ERAS[mode]
        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.version) == ("shopping-list-mcp", VERSION)
        assert [tool.name for tool in (await client.list_tools()).tools] == [tool.name for tool in TOOLS]

        await call(client, "save_list", name=mode)
        added = await call(client, "add_items", list=mode, items=["milk", "2 kg flour"], idempotency_key=mode)
        assert await call(client, "add_items", list=mode, items=["milk", "2 kg flour"], idempotency_key=mode) == added
        assert await names(client, list=mode) == ["milk", "flour"]
        await call(client, "undo", undo_ref=added["undo_ref"])
        assert await names(client, list=mode) == []
        refused = await client.call_tool("add_items", {"itmes": ["milk"]})
        assert refused.is_error
        with pytest.raises(MCPError, match="Unknown tool: add_itmes"):
            await client.call_tool("add_itmes", {})

        listed = {each.title: str(each.uri) for each in (await client.list_resources()).resources}
        await call(client, "add_items", list=mode, items=["milk"])
        [content] = (await client.read_resource(listed[mode])).contents
        assert isinstance(content, TextResourceContents)
        assert "milk" in content.text
        templates = (await client.list_resource_templates()).resource_templates
        assert len(templates) == sum(each.is_template for each in RESOURCES)
        [sample] = (await client.read_resource("shopping://sample/3")).contents
        assert isinstance(sample, TextResourceContents)
        assert len(list(csv.reader(StringIO(sample.text)))) == 1 + 3
        with pytest.raises(MCPError, match="There is no such resource"):
            await client.read_resource("shopping://habcdefghj/lists")

        assert [each.name for each in (await client.list_prompts()).prompts] == [each.name for each in PROMPTS]
        prompt = await client.get_prompt("go_shopping", {"list": mode})
        assert any(isinstance(each.content, TextContent) for each in prompt.messages)
        completed = await client.complete(
            PromptReference(name="go_shopping"), {"name": "list", "value": mode[:2].upper()}
        )
        assert completed.completion.values == [mode]
        households = next(each.uri_template for each in templates if "{household}" in each.uri_template)
        completed = await client.complete(ResourceTemplateReference(uri=households), {"name": "household", "value": ""})
        assert completed.completion.total == 1


@pytest.mark.anyio
async def test_changes_of_hosts_and_of_the_service_reach_each_other_at_once(product: Product, web: Device) -> None:
    async with official(product.data_dir) as first, official(product.data_dir, "legacy") as second:
        await call(first, "save_list", name="Party")
        uris = {each.title: str(each.uri) for each in (await first.list_resources()).resources}
        with anyio.fail_after(SECONDS):
            async with first.listen(resource_subscriptions=[uris["Party"]]) as stream:
                await web.call("add_items", list="Party", items=["cake"])
                assert await anext(stream) == ResourceUpdated(uris["Party"])
                await call(second, "add_items", list="Party", items=["candles"])
                assert await anext(stream) == ResourceUpdated(uris["Party"])
        await call(first, "add_items", list="Party", items=["balloons"])
        expected = ["cake", "candles", "balloons"]
        assert await web.names(list="Party") == expected
        assert await names(first, list="Party") == expected
        assert await names(second, list="Party") == expected
        # The history knows through what.
        query = "SELECT count(*) FROM events WHERE client_id = 'mcp'"
        assert await rows(product.database().superuser, query) != [{"count": 0}]


@pytest.mark.proves("""stdio-revoked MUST own rule
    A desktop host is a connected app like others: its grant can be revoked, which ends its calls at once.
    Here: Each request looks up the grant; the host gets an error that says so, and another start does not help.""")
def test_a_host_is_listed_with_the_other_apps_and_can_be_revoked_while_it_runs(product: Product) -> None:
    with Host(product.data_dir, "--client", "A kitchen display") as host:
        assert host.call("get_overview")
        environment = {"DATA_DIR": str(product.data_dir), "PORT": str(product.port)}
        listed = run(product.data_dir, "grants", "list", ADA, **environment)
        [line] = [each for each in listed.stdout.splitlines() if "A kitchen display" in each]
        assert line.split()[1] == "external"
        revoked = run(product.data_dir, "grants", "revoke", line.split()[0], **environment)
        assert revoked.returncode == 0, revoked.stderr
        refusal = host.answer("tools/call", name="get_overview", arguments={})["error"]["message"]
        assert refusal.startswith("This app's access was revoked.")
        assert host.answer("tools/list")["result"]["tools"]  # it says nothing about anybody
    with Host(product.data_dir, "--client", "A kitchen display") as host:
        assert host.answer("resources/read", uri="shopping://sample/3")["error"]["message"] == refusal
    with Host(product.data_dir, "--client", "Another name") as host:
        assert host.call("get_overview")
