"""What a host reaches through stdin: the whole catalogue, in both protocol eras, with the official client."""

import base64
import csv
from io import StringIO

import anyio
import pytest
from mcp.client.session import ClientRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated
from mcp_types import (
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    EmbeddedResource,
    ImageContent,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

from app import VERSION
from app.mcp.catalogue import TOOLS
from app.mcp.prompts.serve import PROMPTS
from app.mcp.resources.serve import RESOURCES
from app.runtime.progress import STEP
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
@pytest.mark.parametrize("mode", ERAS)
async def test_every_resource_and_every_prompt_is_read(product: Product, mode: Mode) -> None:
    async with official(product.data_dir, mode) as client:
        name = f"Read {mode}"
        await call(client, "save_list", name=name)
        await call(client, "add_items", list=name, items=["2 kg flour", {"name": "tea", "note": "black; =1+1"}])
        listed = {each.title: str(each.uri) for each in (await client.list_resources()).resources}
        household = listed[name].split("/")[2]
        texts: dict[str, str] = {}
        for uri in (*listed.values(), f"{listed[name]}.csv", f"shopping://{household}/members", "shopping://sample/3"):
            (contents,) = (await client.read_resource(uri)).contents
            assert isinstance(contents, TextResourceContents)
            assert contents.mime_type == ("text/csv" if uri.endswith((".csv", "sample/3")) else "text/markdown")
            texts[uri] = contents.text
        header, flour, tea = csv.reader(StringIO(texts[f"{listed[name]}.csv"]))
        assert [dict(zip(header, row, strict=True))["name"] for row in (flour, tea)] == ["flour", "tea"]
        assert "black; '=1+1" in tea
        assert texts[f"shopping://{household}/members"] == "# ada's household\n\n- ada (owner)\n"
        assert texts["shopping://guide/quantities"].startswith("#")
        for each in PROMPTS:
            request, *attached = (await client.get_prompt(each.name, {})).messages
            assert isinstance(request.content, TextContent)
            assert all(isinstance(message.content, EmbeddedResource) for message in attached)
            assert bool(attached) is (each.name != "spending_review")


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ERAS)
async def test_a_chart_is_drawn_and_long_calls_report_their_progress(product: Product, mode: Mode) -> None:
    reports: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total, message))

    async with official(product.data_dir, mode) as client:
        name = f"Long {mode}"
        await call(client, "save_list", name=name)
        await call(client, "add_items", list=name, items=[{"name": "milk", "price": 1.19}])
        await call(client, "check_items", list=name, items=["milk"])
        *_, image = (await client.call_tool("get_spending", {"chart": True})).content
        assert isinstance(image, ImageContent)
        assert base64.b64decode(image.data).startswith(b"<svg")

        rows_of_sample = 2 * STEP + 1
        (sample,) = (await client.read_resource(f"shopping://sample/{rows_of_sample}")).contents
        assert isinstance(sample, TextResourceContents)
        data = {"data": sample.text, "list": name}
        imported = await client.call_tool("import_items", data, progress_callback=note)
        assert imported.structured_content is not None
        assert imported.structured_content["counts"] == {"added": rows_of_sample}
        undo_ref = imported.structured_content["undo_ref"]
        undone = await client.call_tool("undo", {"undo_ref": undo_ref}, progress_callback=note)
        assert undone.structured_content is not None
        assert undone.structured_content["counts"] == {"undone": rows_of_sample}
        total = 2 * rows_of_sample
        steps = [*range(0, rows_of_sample, STEP), *range(rows_of_sample, total, STEP)]
        assert [(progress, of) for progress, of, _ in reports] == [(step, total) for step in steps] * 2
        assert reports[1][2] == "500 of 1,001 rows read"
        assert reports[-1][2] == "1,000 of 1,001 items planned"


@pytest.mark.anyio
async def test_a_host_asks_its_person_which_line_is_meant_and_whether_to_delete(product: Product) -> None:
    asked: list[ElicitRequestFormParams] = []

    async def ask(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        asked.append(params)
        fields = params.requested_schema["properties"]
        answers = {key: "oneOf" not in field or field["oneOf"][-1]["const"] for key, field in fields.items()}
        return ElicitResult(action="accept", content=answers)

    async with official(product.data_dir, person=ask) as client:
        await call(client, "save_list", name="Asked")
        await call(client, "add_items", list="Asked", items=["milk (fresh)", "milk (oat)"])
        checked = await call(client, "check_items", list="Asked", items=["milk"])
        assert [(each["status"], each["note"]) for each in checked["results"]] == [("checked", "oat")]
        await call(client, "delete_list", list="Asked")
        assert "Asked" not in {each.title for each in (await client.list_resources()).resources}
    assert ["Which one is meant?" in each.message for each in asked] == [True, False]
    async with official(product.data_dir, "legacy", person=ask) as client:
        await call(client, "save_list", name="Never asked")
        refused = await client.call_tool("delete_list", {"list": "Never asked"})
        assert refused.is_error
    assert len(asked) == 2


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
