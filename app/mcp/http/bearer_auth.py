"""Bearer authentication in front of an MCP endpoint: nothing behind it runs before caller, body and scope are known.

Plain ASGI. What a request may do is decided from its body; routing headers repeat the body for proxies and are never
trusted. Whatever is wrong is raised and becomes the answer in `BearerAuthMiddleware.__call__`: `RequestRefused`, and
`Unavailable` and `LimitReached` of the authenticator.
"""

from asyncio import Semaphore
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.authenticator import Authenticator
from app.access.caller import AccessEnded, Caller
from app.audit.log import AuditLog
from app.audit.models import Action, AuditEntry
from app.errors import LimitReached, Unavailable
from app.limits.concurrency import Slots
from app.limits.defaults import CALLS_AT_ONCE
from app.limits.rate_limit import limited_subject
from app.mcp.context import CALLED, CALLER, identity_of
from app.mcp.http.batch import check_batch, replay, serve_batch
from app.mcp.http.body import parse_json, read_body, refuse_encoded
from app.mcp.http.json_rpc import envelope_error, readable_id
from app.mcp.http.refusals import RequestRefused, bad_request, challenge, foreign_origin, retry_later
from app.mcp.http.request_headers import RequestHeaders
from app.mcp.http.short_way import ShortWay
from app.records import record
from app.resources import Resource
from app.runtime.addresses import client_address_in, known_address
from app.scopes import format_scope
from app.ui.languages import language_of
from app.ui.status import is_for_people

ROUTING_HEADERS: Final = ("mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "content-type")
TOO_MANY: Final = "Too many calls at once. Try again shortly."
RETRY_SECONDS: Final = 1
NOT_FOR_BROWSERS: Final = "This address is for assistants (MCP); people find directions on the front page.\n"
ANYTHING: Final = "application/json, text/event-stream"
"""What a request without an Accept header accepts (RFC 9110 section 12.5.1), as the SDK wants it said."""

SIGN_IN: Final = "Sign in: this endpoint needs a bearer token."
GIVE_A_KEY: Final = "This endpoint needs the key that the page of a shared list gives for an assistant."
SIGN_IN_AGAIN: Final = "The access token is not valid. Sign in again."
LINK_ENDED: Final = "The key is not valid, or its link has ended. Open the link again, or ask for a new one."

ScopesOf = Callable[[str, str | None], frozenset[str]]
"""Returns the scopes that a method needs; the second argument is the tool's name in `tools/call`."""


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Who may call one endpoint.

    `metadata_url` says where to sign in; None where keys of guests are all there is. Clients should ask for
    `default_scopes`. Grants for `resources` are valid here, and pages of `origins` may call.
    `page` returns what a browser shows that opens the address, in a language. Clients should connect to `url`, where
    requests have one of `hosts` as their Host.
    """

    metadata_url: str | None
    default_scopes: tuple[str, ...]
    scopes_of: ScopesOf
    resources: frozenset[Resource]
    origins: frozenset[str]
    page: Callable[[str], Response]
    url: str
    hosts: frozenset[str]


WHERE_TO_ALLOW: Final = (
    "Open /access, let this app do it there, and try again; or connect the app anew. An API key needs another key."
)


@record()
class _Request:
    """A request that may be served."""

    caller: Caller
    headers: RequestHeaders
    body: bytes
    calls: list[Any]
    is_batch: bool


class BearerAuthMiddleware:
    """Passes on requests whose caller may make them: to `short_way`, and what that leaves, and without one everything,
    to `app`. `at_once` has a place for each request that is being served."""

    def __init__(
        self,
        app: ASGIApp,
        policy: AccessPolicy,
        authenticator: Authenticator,
        audit: AuditLog,
        short_way: ShortWay | None = None,
        at_once: Semaphore | None = None,
    ) -> None:
        self._app = AuthContextMiddleware(app)
        self._at_once = at_once or Slots(CALLS_AT_ONCE).of()
        self._short_way = short_way
        self._policy = policy
        self._authenticator = authenticator
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if self._at_once.locked():
            await retry_later(Unavailable(TOO_MANY, retry_after=RETRY_SECONDS))(scope, receive, send)
            return
        await self._at_once.acquire()
        try:
            await self._answer(scope, receive, send)
        finally:
            self._at_once.release()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await self._check(scope, receive)
        except RequestRefused as refusal:
            if refusal.outcome is not None:
                self._record(scope, refusal.outcome, _identity(refusal.caller), refusal.detail)
            await refusal.response(scope, receive, send)
        except LimitReached as error:
            self._record(scope, error.code, limited_subject(error))
            await retry_later(error)(scope, receive, send)
        except Unavailable as error:
            await retry_later(error)(scope, receive, send)
        else:
            if request is not None:
                await self._serve(request, scope, receive, send)

    async def _check(self, scope: Scope, receive: Receive) -> _Request | None:
        """Return the request if it may be served, or None if the client disconnected."""
        headers = RequestHeaders(scope["headers"])
        # Requests that no page sent carry no Origin (MCP specification, transports: security warning).
        if "origin" in headers and (headers["origin"] not in self._policy.origins or "origin" in headers.repeated):
            raise foreign_origin()
        if scope["method"] != "POST":
            # The SDK would answer GET with a stream that never sends anything, and DELETE ends sessions: we have none.
            if scope["method"] == "GET" and is_for_people(headers):
                raise RequestRefused(self._policy.page(language_of(HTTPConnection(scope))))
            raise RequestRefused(PlainTextResponse(NOT_FOR_BROWSERS, 405, headers={"Allow": "POST"}))
        caller = await self._authenticate(headers, client_address_in(scope))
        if (repeated := next((name for name in ROUTING_HEADERS if name in headers.repeated), None)) is not None:
            raise bad_request(f"The header {repeated} appears more than once.")
        refuse_encoded(headers.get("content-encoding"))
        body = await read_body(receive)
        if body is None:
            return None
        message = parse_json(body)
        is_batch = isinstance(message, list)
        calls = cast("list[Any]", message) if is_batch else [message]
        if is_batch:
            check_batch(calls, headers.get("mcp-protocol-version"))
        elif (error := envelope_error(message)) is not None:
            raise bad_request(error, request_id=readable_id(message))
        # A body may take half a minute to arrive, and much can end in that time.
        current = await self._authenticator.revalidate(caller)
        if current is None:
            raise RequestRefused(self._token_refused(), "invalid_token", caller=caller)
        self._check_scopes(current, calls)
        if len(calls) > 1:
            try:
                await self._authenticator.count_further(current, len(calls) - 1)
            except LimitReached as error:
                raise RequestRefused(retry_later(error), error.code, caller=current) from error
        return _Request(current, headers, body, calls, is_batch)

    async def _authenticate(self, headers: RequestHeaders, address: str) -> Caller:
        if "authorization" in headers.repeated:
            raise bad_request("Send exactly one Authorization header.")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            description = GIVE_A_KEY if self._policy.metadata_url is None else SIGN_IN
            if headers.get("host", "").lower() not in self._policy.hosts:
                # Clients compare the address they know with the one in the metadata, and few say what differs.
                description = f"{description} Its address is {self._policy.url}: give the app that one."
            answer = challenge(401, self._policy.metadata_url, self._policy.default_scopes, None, description)
            raise RequestRefused(answer, "token_missing")
        caller = await self._authenticator(token.strip(), address)
        if caller is None or caller.resource not in self._policy.resources:
            raise RequestRefused(self._token_refused(), "invalid_token")
        return caller

    def _token_refused(self) -> Response:
        policy = self._policy
        description = LINK_ENDED if policy.metadata_url is None else SIGN_IN_AGAIN
        return challenge(401, policy.metadata_url, policy.default_scopes, "invalid_token", description)

    def _check_scopes(self, caller: Caller, calls: list[Any]) -> None:
        """Check the scopes of all calls together. Raises `RequestRefused` that names every scope they need.

        What the client should ask for is that with what it has, so that it loses nothing by asking.
        """
        needed: set[str] = set()
        for call in calls:
            method, tool = _method_and_tool(call)
            if method is not None:
                needed |= self._policy.scopes_of(method, tool)
        if not needed <= caller.scopes:
            scope = format_scope(needed)
            answer = challenge(
                403,
                self._policy.metadata_url,
                needed | caller.scopes,
                "insufficient_scope",
                f"This needs the scope {scope}. {WHERE_TO_ALLOW}",
            )
            raise RequestRefused(answer, "insufficient_scope", caller=caller, detail=scope)

    async def _serve(self, request: _Request, scope: Scope, receive: Receive, send: Send) -> None:
        if not request.is_batch:
            try:
                answer = await self._answer_directly(request, scope)
            except AccessEnded:
                await self._token_refused()(scope, receive, send)
                return
            if answer is not None:
                await _send_json(answer, send)
                return
            served = _with_caller(scope, request.caller)
            (call,) = request.calls
            method, tool = _method_and_tool(call)
            if method == "tools/call" and tool is not None:
                served[CALLED] = call["params"]
            await self._app(served, replay(request.body, receive), send)
            return

        async def renew_scope() -> Scope | None:
            current = await self._authenticator.revalidate(request.caller)
            return None if current is None else _with_caller(scope, current)

        answer = await serve_batch(self._app, renew_scope, request.calls)
        await answer(scope, receive, send)

    async def _answer_directly(self, request: _Request, scope: Scope) -> bytes | None:
        if self._short_way is None or request.headers.repeated:
            return None  # the SDK decides what a header means that is given twice
        address = known_address(client_address_in(scope))
        return await self._short_way.answer(request.calls[0], request.headers, request.caller, address)

    def _record(self, scope: Scope, outcome: str, identity: dict[str, Any], detail: str | None = None) -> None:
        self._audit.refuse(
            AuditEntry(
                action=Action.ACCESS_REFUSED,
                at=self._audit.now(),
                outcome=outcome,
                detail=detail,
                address=known_address(client_address_in(scope)),
                **identity,
            )
        )


def _identity(caller: Caller | None) -> dict[str, Any]:
    return {} if caller is None else identity_of(caller)


def _method_and_tool(message: object) -> tuple[str | None, str | None]:
    """Return the method that a message names, and the tool in its params; None for what is missing."""
    if not isinstance(message, Mapping):
        return None, None
    call = cast("Mapping[str, object]", message)
    method, params = call.get("method"), call.get("params")
    name = cast("Mapping[str, object]", params).get("name") if isinstance(params, Mapping) else None
    return (method if isinstance(method, str) else None), (name if isinstance(name, str) else None)


async def _send_json(body: bytes, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_caller(scope: Scope, caller: Caller) -> Scope:
    """Return the ASGI scope with its caller, and without the token."""
    actor = caller.actor
    token = AccessToken(
        token="",
        client_id=actor.client_id,
        scopes=sorted(caller.scopes),
        expires_at=int(caller.expires_at.timestamp()),
        subject=str(actor.person_id),
        claims={"iss": caller.issuer},
    )
    return {**scope, "headers": _plain_headers(scope), "user": AuthenticatedUser(token), CALLER: caller}


def _plain_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request as the SDK understands them, without the token.

    Whitespace around a value is no part of it (RFC 9110 section 5.5), but the HTTP parser leaves it at the end; media
    types have no case (section 8.3.1).
    """
    headers = [
        (name, value.strip(b" \t").lower() if name == b"content-type" else value.strip(b" \t"))
        for name, value in scope["headers"]
        if name != b"authorization"
    ]
    if any(name == b"accept" and value for name, value in headers):
        return headers
    return [*(each for each in headers if each[0] != b"accept"), (b"accept", ANYTHING.encode())]
