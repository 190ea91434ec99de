"""The headers that every answer has, page or not."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HSTS_SECONDS: Final = 365 * 24 * 3600

ANYWHERE: Final = ("Cross-Origin-Resource-Policy", "cross-origin")
"""The header of what pages of other sites may show, such as our icon in a directory of connectors."""

_RESOURCE_POLICY: Final = b"cross-origin-resource-policy"


class SecurityHeaders:
    """Middleware that sets what browsers are told of every answer.

    No answer is taken for another type than its own, and none is loaded into a page of another site unless it says that
    it may be; where the service is reached by https, it is by https only (RFC 6797), at this host and at no other one.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._always = [(b"x-content-type-options", b"nosniff")]
        if public_url.startswith("https://"):
            self._always.append((b"strict-transport-security", b"max-age=%d" % HSTS_SECONDS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *self._always]
                if not any(name == _RESOURCE_POLICY for name, _ in headers):
                    headers.append((_RESOURCE_POLICY, b"same-origin"))
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, guarded_send)
