"""Endpoints that clients call: a form comes in, JSON goes out to any origin, and every error becomes its response."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.audit.models import Action
from app.errors import AppError, LimitReached
from app.limits.rate_limit import limited_subject
from app.oauth.context import OAuthContext
from app.oauth.errors import OAuthError
from app.oauth.parameters import Parameters, form_parameters
from app.oauth.tokens.failures import count_failure, refuse_flood
from app.ui.forms import MAX_BODY
from app.ui.public_document import ANY_ORIGIN
from app.ui.status import set_retry_after, status_of_refusal

NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def client_route(path: str, handler: Callable[[Request], Awaitable[Response]], method: str = "POST") -> BaseRoute:
    """Return the route of an endpoint for clients."""

    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        try:
            return await handler(request)
        except OAuthError as error:
            return _error_response(error)
        except AppError as error:
            return _app_error_response(error)

    return Route(path, endpoint, methods=[method, "OPTIONS"], middleware=[ANY_ORIGIN], max_body_size=MAX_BODY)


def _error_response(error: OAuthError) -> Response:
    headers = dict(NOT_STORED)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="shopping-list"'
    body = {"error": error.error, "error_description": error.description}
    return JSONResponse(body, error.status, headers=headers)


def _app_error_response(error: AppError) -> Response:
    """A client that has to wait gets `temporarily_unavailable`: no code of RFC 6749 section 5.2 says that."""
    status = status_of_refusal(error)
    code = "invalid_request" if status == 400 else "temporarily_unavailable"
    response = JSONResponse({"error": code, "error_description": error.message}, status, headers=NOT_STORED)
    set_retry_after(response, error)
    return response


@dataclass(slots=True)
class ClientRequest:
    """A request to an endpoint where clients authenticate. `client_id` is set once that has succeeded."""

    http: Request
    parameters: Parameters
    client_id: str | None = None


class ClientEndpoint(ABC):
    """An endpoint where clients authenticate: token, revocation, introspection. Cookies are ignored.

    Each error is recorded as `action`, with `detail`, and counts as a failure of the client.
    """

    action: ClassVar[Action]
    detail: ClassVar[str | None] = None

    def __init__(self, context: OAuthContext) -> None:
        self._context = context

    @abstractmethod
    async def handle(self, request: ClientRequest) -> Response:
        """Return the response to a valid request. Raises `OAuthError` or `AppError` for every other one."""

    async def __call__(self, request: Request) -> Response:
        """Serve a request.

        Raises what `handle` raises, and `LimitReached` for an address with very many failures, or in place of the error
        for a client with too many.
        """
        try:
            parameters = await form_parameters(request)
        except OAuthError as error:
            self._record(request, error.error)
            raise
        client_request = ClientRequest(request, parameters)
        try:
            await refuse_flood(self._context.limiter, request)
            return await self.handle(client_request)
        except OAuthError as error:
            await self._count(request, parameters)
            if not error.is_recorded:
                self._record(request, error.error, client_request.client_id)
            raise
        except LimitReached as reached:
            self._record_limit(request, reached)
            raise

    async def _count(self, request: Request, parameters: Parameters) -> None:
        try:
            await count_failure(self._context.limiter, request, parameters)
        except LimitReached as reached:
            self._record_limit(request, reached)
            raise

    def _record(self, request: Request, outcome: str, client_id: str | None = None) -> None:
        self._context.record_refusal(request, self.action, outcome, client_id=client_id, detail=self.detail)

    def _record_limit(self, request: Request, reached: LimitReached) -> None:
        self._context.record_refusal(request, self.action, reached.code, detail=self.detail, **limited_subject(reached))
