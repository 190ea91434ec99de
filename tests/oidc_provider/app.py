"""The provider's endpoints, and those by which tests drive it."""

from typing import Any, cast
from urllib.parse import urlencode

from authlib.oauth2.rfc6749.util import (  # pyright: ignore[reportMissingTypeStubs]
    extract_basic_authorization,  # pyright: ignore[reportUnknownVariableType]
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType]
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.oidc_provider.issuer import CLIENT_ID, CLIENT_SECRET, Code, Issuer

CLIENT = (CLIENT_ID, CLIENT_SECRET)


def create_provider(base_url: str) -> Starlette:
    """A provider whose issuers are `base_url/NAME`, for any name."""
    issuers: dict[str, Issuer] = {}

    def issuer_of(request: Request) -> Issuer:
        name = request.path_params["name"]
        return issuers.setdefault(name, Issuer(f"{base_url}/{name}"))

    async def metadata(request: Request) -> Response:
        issuer = issuer_of(request)
        issuer.asked["metadata"] += 1
        return _unless_away(issuer, issuer.metadata())

    async def jwks(request: Request) -> Response:
        issuer = issuer_of(request)
        issuer.asked["jwks"] += 1
        issuer.key()
        return _unless_away(issuer, {"keys": issuer.options.get("jwks") or [key.jwk() for key in issuer.keys]})

    async def authorize(request: Request) -> Response:
        """Sign in the person that the test has chosen, without asking (OpenID Connect Core section 3.1.2)."""
        issuer, asked = issuer_of(request), request.query_params
        right = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        if any(asked.get(name) != value for name, value in right.items()) or "openid" not in asked["scope"].split():
            return PlainTextResponse("not a request that is served here", 400)
        code = f"code-{len(issuer.codes)}-{asked['state'][-6:]}"
        issuer.codes[code] = Code(asked["redirect_uri"], asked["code_challenge"], asked.get("nonce"))
        answer = urlencode({"code": code, "state": asked["state"], "iss": issuer.identifier})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    async def token(request: Request) -> Response:
        issuer = issuer_of(request)
        if extract_basic_authorization({"Authorization": request.headers.get("authorization", "")}) != CLIENT:
            return JSONResponse({"error": "invalid_client"}, 401)
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        code = issuer.codes.pop(fields.get("code", ""), None)
        made = cast("str", create_s256_code_challenge(fields.get("code_verifier", "")))
        if code is None or made != code.challenge or fields.get("redirect_uri") != code.redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, 400)
        answer = {"token_type": "Bearer", "access_token": "opaque", "id_token": issuer.id_token(code)}
        return JSONResponse({**answer, **issuer.options.get("token_answer", {})})

    async def control(request: Request) -> Response:
        """Only tests call this: `set`, `rotate`, `sign`, `asked`."""
        issuer, given = issuer_of(request), await request.json()
        match request.path_params["action"]:
            case "set":
                issuer.options.update(given)
            case "rotate":
                issuer.rotate()
            case "sign":
                return JSONResponse(issuer.sign(given["header"], given["claims"]))
            case _:
                return JSONResponse(issuer.asked)
        return JSONResponse(None)

    return Starlette(
        routes=[
            Route("/{name}/.well-known/openid-configuration", metadata),
            Route("/{name}/jwks", jwks),
            Route("/{name}/authorize", authorize),
            Route("/{name}/token", token, methods=["POST"]),
            Route("/{name}/control/{action}", control, methods=["POST"]),
        ]
    )


def _unless_away(issuer: Issuer, document: dict[str, Any]) -> Response:
    return JSONResponse(document, 503 if issuer.options.get("away") else 200)
