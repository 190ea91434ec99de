"""The front page, and the page that says how to add the service to each assistant."""

import base64
import json
import shlex
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.resources import MAIN
from app.settings import is_loopback
from app.ui.languages import visiting
from app.ui.pages import Pages

NAME: Final = "shopping-list"
"""The name of the service in the examples for a client's list of servers."""


def landing_routes(public_url: str, external_issuers: Sequence[str] = (), *, has_passwords: bool) -> list[BaseRoute]:
    """Return the routes `/` and `/connect`. `external_issuers` are named to people as where to sign in."""
    parts = urlsplit(public_url)
    pages = Pages(parts.path, "app.web")
    mcp_url = MAIN.identifier(public_url)
    context: dict[str, Any] = {
        "mcp_url": mcp_url,
        "is_local": is_loopback(parts.hostname or ""),
        "issuers": external_issuers,
        "has_passwords": has_passwords,
    }
    ways = _ways_to_add(mcp_url)

    async def landing(request: Request) -> Response:
        with visiting(request):
            return pages.page("landing.html", **context)

    async def connect(request: Request) -> Response:
        with visiting(request):
            return pages.page("connect.html", ways=ways, **context)

    return [Route("/", landing), Route("/connect", connect)]


def _ways_to_add(url: str) -> dict[str, str]:
    """Return the commands, files and links that add the server at `url` to each client, as its makers document."""
    remote = {"url": url}
    vs_code = {"name": NAME, "type": "http", "url": url}
    return {
        "claude_code_command": f"claude mcp add --transport http --scope user {NAME} {shlex.quote(url)}",
        "codex_command": f"codex mcp add {NAME} --url {shlex.quote(url)}",
        "cursor_link": f"cursor://anysphere.cursor-deeplink/mcp/install?name={NAME}&config={_in_base64(remote)}",
        "cursor_file": json.dumps({"mcpServers": {NAME: remote}}, indent=2),
        "vs_code_link": f"vscode:mcp/install?{quote(json.dumps(vs_code), safe='')}",
        "vs_code_command": f"code --add-mcp {shlex.quote(json.dumps(vs_code))}",
        "inspector_command": f"npx @modelcontextprotocol/inspector --transport http --server-url {shlex.quote(url)}",
    }


def _in_base64(value: dict[str, Any]) -> str:
    return quote(base64.b64encode(json.dumps(value).encode()), safe="")
