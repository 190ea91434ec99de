"""A bare MCP client: JSON-RPC over HTTP in either protocol era, as written on the wire."""

import json
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

import httpx

Era = Literal["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]
"""A protocol revision."""

ERAS: tuple[Era, ...] = ("2026-07-28", "2025-11-25")
"""One of each era: before and since requests carry everything with them."""

MODERN: Era = "2026-07-28"

_ids = count(1)


def messages_of(response: httpx.Response) -> list[dict[str, Any]]:
    """The messages of an answer, which is one in JSON or a stream of events; the last one is the response."""
    if response.headers.get("content-type") == "text/event-stream":
        return [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
    return [response.json()]


def body_of(response: httpx.Response) -> dict[str, Any]:
    """The response to a request."""
    return messages_of(response)[-1]


@dataclass(frozen=True)
class McpClient:
    """Calls `/mcp` with one token in one era."""

    http: httpx.AsyncClient
    token: str
    era: Era = MODERN
    path: str = "/mcp"

    def headers(self, method: str, name: str | None = None) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": self.era,
        }
        if self.era == MODERN:
            headers["Mcp-Method"] = method
            if name is not None:
                headers["Mcp-Name"] = name
        return headers

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        params = dict(params or {})
        if self.era == MODERN:
            params["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": self.era,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
                **params.get("_meta", {}),
            }
        return {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params}

    async def send(self, method: str, params: dict[str, Any] | None = None) -> httpx.Response:
        name = (params or {}).get("name", (params or {}).get("uri"))
        body = json.dumps(self.message(method, params))
        return await self.http.post(self.path, content=body, headers=self.headers(method, name))

    async def result(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        response = await self.send(method, params)
        body = body_of(response)
        assert "result" in body, (response.status_code, body)
        return body["result"]

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured result of a call that is not refused."""
        result = await self.result("tools/call", {"name": tool, "arguments": arguments})
        assert not result.get("isError"), result
        return result["structuredContent"]

    async def refusal(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The error of a call that is refused."""
        result = await self.result("tools/call", {"name": tool, "arguments": arguments})
        assert result["isError"] is True, result
        assert "structuredContent" not in result
        return json.loads(result["content"][0]["text"])["error"]

    async def failed(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """The entries of a call that is refused because every one of them failed."""
        error = await self.refusal(tool, **arguments)
        alone = {"status": "failed", "error": error, **{key: error[key] for key in ("ref", "current") if key in error}}
        return error.get("results", [alone])

    async def error(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The protocol error of a request that is refused."""
        body = body_of(await self.send(method, params))
        assert "error" in body, body
        return body["error"]
