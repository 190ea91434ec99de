"""The gate in front of an MCP endpoint: nothing behind it runs before the caller, the body and the scope are known.

Plain ASGI. What a request may do is decided from its body; routing headers repeat the body for proxies and are never
trusted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp_types import INVALID_REQUEST, PARSE_ERROR
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.authenticator import Authenticator
from app.access.caller import Caller
from app.audit.log import AuditLog
from app.audit.models import Action, AuditEntry
from app.errors import LimitReached, Unavailable
from app.limits.rate_limit import limited_subject
from app.mcp.http import batch
from app.mcp.http.body import BodyTooLarge, BodyTooSlow, NotJson, parse_json, read_body
from app.mcp.http.challenges import Challenges, retry_later
from app.mcp.http.json_rpc import envelope_fault, protocol_error, readable_id, too_large, too_slow
from app.resources import Resource
from app.runtime.addresses import known_address
from app.runtime.requests import address_in
from app.scopes import format_scope
from app.ui.hosts import refuse_foreign_origin

CALLER: Final = "app.caller"
"""The key of the ASGI scope under which the proven caller travels."""

ROUTING_HEADERS: Final = ("mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "content-type")

ScopesOf = Callable[[str, str | None], frozenset[str]]
"""Which scopes a method needs; the second argument is the tool's name, for `tools/call`."""


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """What one endpoint asks of its callers.

    `resources` are those whose grants are good here, `origins` the pages that may call.
    """

    challenges: Challenges
    scopes_of: ScopesOf
    resources: frozenset[Resource]
    origins: frozenset[str]


class BearerAuthMiddleware:
    """Lets a request through to `app` when its caller may make it."""

    def __init__(self, app: ASGIApp, entrance: AccessPolicy, identify: Authenticator, audit: AuditLog) -> None:
        self._app = AuthContextMiddleware(app)
        self._entrance = entrance
        self._identify = identify
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        answer = refuse_foreign_origin(headers, self._entrance.origins)
        if answer is not None:
            self._refused(scope, "foreign_origin")
        answer = answer or _refuse_method(scope)
        if answer is None:
            found = await self._find_caller(scope, headers)
            answer = found if isinstance(found, Response) else await self._serve(found, scope, receive, send)
        if answer is not None:
            await answer(scope, receive, send)

    async def _find_caller(self, scope: Scope, headers: Headers) -> Caller | Response:
        given = headers.getlist("authorization")
        if len(given) > 1:
            return protocol_error(400, INVALID_REQUEST, "Send exactly one Authorization header.")
        scheme, _, token = given[0].partition(" ") if given else ("", "", "")
        if scheme.lower() != "bearer" or not token.strip():
            self._refused(scope, "token_missing")
            return self._entrance.challenges.token_missing()
        try:
            caller = await self._identify(token.strip(), address_in(scope))
        except Unavailable as refusal:
            return retry_later(refusal)
        except LimitReached as refusal:
            self._refused(scope, refusal.code, of=limited_subject(refusal))
            return retry_later(refusal)
        if caller is None or caller.resource not in self._entrance.resources:
            self._refused(scope, "invalid_token")
            return self._entrance.challenges.token_refused()
        return caller

    async def _serve(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> Response | None:
        """Answer the request through the app (None), or say why not."""
        headers = Headers(scope=scope)
        repeated = next((name for name in ROUTING_HEADERS if len(headers.getlist(name)) > 1), None)
        if repeated is not None:
            return protocol_error(400, INVALID_REQUEST, f"The header {repeated} appears more than once.")
        try:
            body = await read_body(receive)
            if body is None:
                return None  # the sender is gone
            message = parse_json(body)
        except BodyTooLarge:
            return too_large()
        except BodyTooSlow:
            return too_slow()
        except NotJson as error:
            return protocol_error(400, PARSE_ERROR, str(error))
        if isinstance(message, list):
            calls = cast("list[Any]", message)
            if (answer := batch.refuse_batch(calls, headers.get("mcp-protocol-version"))) is not None:
                return answer
        elif (fault := envelope_fault(message)) is not None:
            return protocol_error(400, INVALID_REQUEST, fault, readable_id(message))
        else:
            calls = [message]
        try:
            # A body may take half a minute to arrive, and much can end in that time.
            current = await self._identify.revalidate(caller)
        except Unavailable as refusal:
            return retry_later(refusal)
        if current is None:
            self._refused(scope, "invalid_token", caller)
            return self._entrance.challenges.token_refused()
        caller = current
        needed = frozenset[str]().union(*(self._scopes_needed(call) for call in calls))
        if not needed <= caller.scopes:
            self._refused(scope, "insufficient_scope", caller, detail=format_scope(needed))
            return self._entrance.challenges.scope_missing(needed)
        try:
            if len(calls) > 1:
                await self._identify.count_further(caller, len(calls) - 1)
        except LimitReached as refusal:
            self._refused(scope, refusal.code, caller)
            return retry_later(refusal)
        if not isinstance(message, list):
            await self._app(_as_caller(scope, caller), batch.replay(body, receive), send)
            return None

        async def renewed() -> Scope | None:
            current = await self._identify.revalidate(caller)
            return None if current is None else _as_caller(scope, current)

        return await batch.answer_each(self._app, renewed, calls)

    def _refused(
        self,
        scope: Scope,
        outcome: str,
        caller: Caller | None = None,
        *,
        detail: str | None = None,
        of: dict[str, Any] | None = None,
    ) -> None:
        if caller is not None:
            actor = caller.actor
            of = {"person_id": actor.person_id, "client_id": actor.client_id, "grant_id": actor.grant_id}
        self._audit.refuse(
            AuditEntry(
                action=Action.ACCESS_REFUSED,
                at=self._audit.now(),
                outcome=outcome,
                detail=detail,
                address=known_address(address_in(scope)),
                **(of or {}),
            )
        )

    def _scopes_needed(self, message: object) -> frozenset[str]:
        if not isinstance(message, Mapping):
            return frozenset()
        call = cast("Mapping[str, object]", message)
        method, params = call.get("method"), call.get("params")
        name = cast("Mapping[str, object]", params).get("name") if isinstance(params, Mapping) else None
        if not isinstance(method, str):
            return frozenset()
        return self._entrance.scopes_of(method, name if isinstance(name, str) else None)


def _refuse_method(scope: Scope) -> Response | None:
    # The SDK would answer GET with a stream that never sends anything, and DELETE ends sessions; we have none.
    if scope["method"] == "POST":
        return None
    words = "This address is for assistants (MCP); people find directions on the front page.\n"
    return PlainTextResponse(words, 405, headers={"Allow": "POST"})


def _as_caller(scope: Scope, caller: Caller) -> Scope:
    """The request as what is behind the gate gets it: with its caller, and without the token."""
    actor = caller.actor
    token = AccessToken(
        token="",
        client_id=actor.client_id,
        scopes=sorted(caller.scopes),
        expires_at=int(caller.expires_at.timestamp()),
        subject=str(actor.person_id),
        claims={"iss": caller.issuer},
    )
    headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    return {**scope, "headers": headers, "user": AuthenticatedUser(token), CALLER: caller}
