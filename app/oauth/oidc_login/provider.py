"""The OpenID provider that people may sign in with (OpenID Connect Core section 3.1), by means of Authlib."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final, cast

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import (  # pyright: ignore[reportMissingTypeStubs]
    OAuthError,
    StarletteIntegration,
    StarletteOAuth2App,
)
from joserfc.errors import ClaimError, JoseError
from pydantic import BaseModel, SecretStr, ValidationError

from app.crypto.derived_keys import derive_key
from app.errors import Unavailable
from app.fetch.answers import FetchFailed
from app.fetch.fetcher import Asked, Fetcher
from app.oauth.external.issuer import MAX_RESPONSE, IssuerMetadata, RemoteIssuer
from app.oauth.tokens.claims import Subject
from app.people.identities import Identity, name_in
from app.runtime.clock import Clock
from app.settings import OidcLogin

CALLBACK_PATH: Final = "/oauth/upstream/callback"
ALGORITHMS: Final = ("ES256", "RS256", "PS256")
"""Of ID tokens, whatever the provider announces."""

LEEWAY_SECONDS: Final = 60
RETRY_SECONDS: Final = 30

_CODES: Final = frozenset(
    {
        *("invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope"),
        *("server_error", "temporarily_unavailable", "invalid_client", "invalid_grant", "unsupported_grant_type"),
        *("interaction_required", "login_required", "account_selection_required", "consent_required"),
    }
)
"""The error codes of a provider (RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6). Only these
are logged: any other text could be an attacker's."""

_KEPT_HEADERS: Final = ("accept", "authorization", "content-type", "user-agent")

_log: Final = structlog.stdlib.get_logger("app.oauth")


class _Proof(BaseModel):
    """The claims of an ID token that Authlib has verified."""

    iss: str
    sub: Subject


class IssuerTransport(httpx2.AsyncBaseTransport):
    """The fetcher as a transport for Authlib's HTTP client, so that there is one way out."""

    def __init__(self, fetcher: Fetcher, issuer: str) -> None:
        self._fetcher = fetcher
        self._issuer = issuer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `httpx2.ConnectError` when there is no usable response."""
        asked = Asked(
            str(request.url),
            request.method,
            headers={name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers},
            content=await request.aread() or None,
            limit_bytes=MAX_RESPONSE,
            chosen=self._issuer,
        )
        try:
            fetched = await self._fetcher.request(asked)
        except FetchFailed as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        content_type = fetched.headers.get("content-type", "")
        return httpx2.Response(
            fetched.status, headers={"Content-Type": content_type}, content=fetched.body, request=request
        )


class OidcProvider:
    """One provider: where people are sent to sign in, and who they are when they return."""

    def __init__(
        self, login: OidcLogin, public_url: str, secret_key: SecretStr, fetcher: Fetcher, clock: Clock
    ) -> None:
        self.issuer: Final = login.issuer
        self.name: Final = login.name or self.issuer.partition("://")[2].partition("/")[0]
        self._client_id = login.client_id
        self._client_secret = login.client_secret
        self._redirect_uri = f"{public_url}{CALLBACK_PATH}"
        self._key = derive_key(secret_key, "upstream-sign-in")
        self._remote = RemoteIssuer(self.issuer, ALGORITHMS, fetcher, clock=clock, name=self.name)
        self._transport = IssuerTransport(fetcher, self.issuer)

    async def authorization_url(self, state: str) -> str:
        """Return where to send a browser for an attempt with this `state`. Raises `Unavailable`."""
        metadata = await self._remote.metadata()
        if metadata.authorization_endpoint is None or metadata.token_endpoint is None:
            _log.warning("sign-in provider has no endpoints for signing in", issuer=self.issuer)
            raise self._unavailable()
        client = self._client(metadata)
        built = await client.create_authorization_url(
            self._redirect_uri,
            state=state,
            nonce=self._derived("nonce", state),
            code_verifier=self._derived("verifier", state),
        )
        return cast("str", built["url"])

    async def identify(self, state: str, answer: Mapping[str, str]) -> Identity | None:
        """Return who signed in, from the parameters of the provider's response to the attempt with this `state`.

        None when it is an error response, or a check fails; the log says which. Raises `Unavailable`.
        """
        if "error" in answer:
            fault = _code(answer["error"])
        elif not await self._may_have_sent(answer.get("iss")):
            fault = "iss"
        elif "code" not in answer:
            fault = "code"
        else:
            return await self._redeem(state, answer["code"])
        _log.warning("sign-in provider's answer refused", answer="redirect", reason=fault)
        return None

    async def _may_have_sent(self, iss: str | None) -> bool:
        """Whether a response with this `iss` can be this provider's: a provider that announces the parameter must send
        it, which prevents mix-up (RFC 9207 section 2.4)."""
        if iss is None:
            return not (await self._remote.metadata()).authorization_response_iss_parameter_supported
        return iss == self.issuer

    async def _redeem(self, state: str, code: str) -> Identity | None:
        """Return None when the provider refuses the code, or its ID token fails a check (OpenID Connect Core section
        3.1.3.7)."""
        client = self._client(await self._remote.metadata())
        try:
            answer = await client.fetch_access_token(
                redirect_uri=self._redirect_uri, code=code, code_verifier=self._derived("verifier", state)
            )
            claims = await client.parse_id_token(
                answer,
                nonce=self._derived("nonce", state),
                claims_options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                leeway=LEEWAY_SECONDS,
            )
            proof = _Proof.model_validate(claims)
        except httpx2.HTTPError as error:
            _log.warning("sign-in provider does not answer", reason=type(error).__name__)
            raise self._unavailable() from error
        except (AuthlibBaseError, JoseError, ValidationError, ValueError, TypeError, KeyError) as error:
            # Authlib raises the last three for malformed responses.
            _log.warning("sign-in provider's answer refused", answer="token", reason=_reason(error))
            return None
        return Identity(self.issuer, proof.sub, name_in(claims))

    def _unavailable(self) -> Unavailable:
        return Unavailable(
            "{provider} can't be reached right now. Try again shortly.",
            values={"provider": self.name},
            retry_after=RETRY_SECONDS,
        )

    def _client(self, metadata: IssuerMetadata) -> Any:
        """Return Authlib's client for one step. It fetches the provider's keys itself, so they are never stale."""
        methods = metadata.token_endpoint_auth_methods_supported
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        secret = self._client_secret
        return StarletteOAuth2App(
            StarletteIntegration("upstream"),
            client_id=self._client_id,
            client_secret=secret.get_secret_value() if secret else None,
            # Only these: Authlib passes every member on to its HTTP client as an argument.
            issuer=metadata.issuer,
            authorization_endpoint=metadata.authorization_endpoint,
            token_endpoint=metadata.token_endpoint,
            jwks_uri=metadata.jwks_uri,
            id_token_signing_alg_values_supported=list(ALGORITHMS),
            client_kwargs={
                "scope": "openid profile",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": method if secret else "none",
                "transport": self._transport,
                "trust_env": False,
            },
        )

    def _derived(self, purpose: str, state: str) -> str:
        """Return 43 characters that can't be derived from the state without the key: nothing has to be stored."""
        digest = hmac.digest(self._key, f"{purpose} {state}".encode(), "sha256")
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _code(error: object) -> str:
    return error if isinstance(error, str) and error in _CODES else "other"


def _reason(error: Exception) -> str:
    """Return the provider's error code, the invalid claim, or the type of the error."""
    match error:
        case OAuthError():
            return _code(error.error)
        case ClaimError():
            return error.claim
        case _:
            return type(error).__name__
