"""The SDK's server for one endpoint: handlers over its tools, and the short way past its transport."""

from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerMiddleware
from mcp.server.lowlevel.server import NotificationOptions, Server

from app import VERSION
from app.access.authenticator import Authenticator
from app.audit.log import AuditLog
from app.db import Engine
from app.households.tenant import ListsChanged, MembersChanged
from app.mcp.cache_hints import CACHE_HINTS
from app.mcp.catalogue import McpEndpoint
from app.mcp.completions import Completions
from app.mcp.context import Context, address_of, caller_of
from app.mcp.dispatch import Dispatch
from app.mcp.elicitation import Elicitation
from app.mcp.errors import hide_faults
from app.mcp.http.direct_answers import DirectAnswers
from app.mcp.http.short_way import ShortWay
from app.mcp.icons import Icons
from app.mcp.paging import page_of
from app.mcp.prompts.serve import PromptServer, prompts_for
from app.mcp.resources.serve import ResourceServer
from app.mcp.subscriptions import Subscriptions

CLIENT_CREDENTIALS: Final = "io.modelcontextprotocol/oauth-client-credentials"
"""The extension with which service accounts get their tokens."""


class McpServer(Server[Any]):
    """The SDK's server, which would say at 2026-07-28 that every list may change as soon as one of them can be
    followed."""

    def get_capabilities(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
        *,
        protocol_version: str | None = None,
    ) -> types.ServerCapabilities:
        """Return what the server can do. Its tools and prompts never change while it runs."""
        found = super().get_capabilities(
            notification_options, experimental_capabilities, extensions, protocol_version=protocol_version
        )
        return found.model_copy(update={"tools": types.ToolsCapability(), "prompts": types.PromptsCapability()})


def build_server(
    endpoint: McpEndpoint,
    public_url: str,
    engine: Engine,
    authenticator: Authenticator,
    lists_changed: ListsChanged,
    members_changed: MembersChanged,
    subscriptions: Subscriptions,
    audit: AuditLog,
    elicitation: Elicitation,
    *,
    authorize: "ServerMiddleware[Any] | None" = None,
) -> tuple[Server[Any], ShortWay]:
    """Return the server of an endpoint, and the short way past its transport: every request runs through `Dispatch` or
    one of the few handlers here.

    `authorize` is middleware that gives each request its caller, where none comes with the request that carries it.
    """
    dispatch = Dispatch(
        engine,
        endpoint.tools_by_name,
        authenticator,
        lists_changed,
        members_changed,
        audit,
        elicitation,
        public_url,
    )
    definitions = endpoint.definitions

    async def list_tools(context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        page, next_cursor = page_of(definitions, params)
        return types.ListToolsResult(tools=page, next_cursor=next_cursor)

    async def call_tool(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        # DirectAnswers comes first; this makes the SDK announce that there are tools.
        served = await dispatch.call(caller_of(context), address_of(context), params.name, params.arguments)
        return types.CallToolResult.model_validate_json(served.body)

    def input_schema(name: str) -> None:
        """Return nothing: no tool has an argument that headers repeat (`x-mcp-header`). Without this the SDK would walk
        through the schema of a tool at every call."""

    offered = () if endpoint.for_guests else prompts_for(endpoint.tools_by_name)
    icons = Icons(public_url)
    resources, prompts = ResourceServer(engine, audit, icons), PromptServer(offered, engine, audit, icons)
    completions = Completions(offered, engine)
    about_household = f"Inviting people, and the household's settings: {public_url}/household."
    server = McpServer(
        "shopping-list-mcp",
        version=VERSION,
        title="Shopping lists",
        instructions=endpoint.instructions if endpoint.for_guests else f"{endpoint.instructions} {about_household}",
        website_url=public_url,
        icons=icons.of_server(),
        cache_hints=CACHE_HINTS,
        get_tool_input_schema=input_schema,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=resources.list_resources,
        on_list_resource_templates=resources.list_templates,
        on_read_resource=resources.read,
        on_list_prompts=prompts.list_prompts,
        on_get_prompt=prompts.get,
        on_completion=completions.complete,
        on_subscriptions_listen=subscriptions.listen,
    )
    if authorize is None and not endpoint.for_guests:
        server.extensions[CLIENT_CREDENTIALS] = {}  # it is about tokens
    # In place of the SDK's OpenTelemetry middleware, whose spans carry the text of exceptions.
    direct_answers = DirectAnswers(server, dispatch)
    server.middleware[:] = [hide_faults, *([] if authorize is None else [authorize]), direct_answers]
    return server, ShortWay(dispatch, endpoint.tools_by_name, direct_answers.listings, server.server_info_stamp)
