"""Protocol failures: return values, so that what they changed (a used code, a revoked grant) is committed."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class OAuthFault:
    """An error answer (RFC 6749 sections 4.1.2.1 and 5.2): `error` is a registered code, `description` our words.

    `description` is ASCII without quotes and backslashes, as the RFC wants it.
    """

    error: str
    description: str
    status: int = 400

    def response(self) -> Response:
        """The answer of an endpoint that talks to clients."""
        headers = dict(NOT_STORED)
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="shopping-list"'
        body = {"error": self.error, "error_description": self.description}
        return JSONResponse(body, self.status, headers=headers)


def invalid_request(description: str) -> OAuthFault:
    """The request is malformed."""
    return OAuthFault("invalid_request", description)


def not_registered() -> OAuthFault:
    """The client is unknown, or its redirect URI is none of its own: nothing may be sent there."""
    return invalid_request("The app is not registered here, or not with this return address.")


def invalid_grant(description: str) -> OAuthFault:
    """The code or refresh token is not good (any more)."""
    return OAuthFault("invalid_grant", description)


def invalid_target() -> OAuthFault:
    """The `resource` is not ours, or not the one that was approved (RFC 8707 section 2)."""
    return OAuthFault("invalid_target", "The resource is not one of this server, or not the one that was approved.")


def invalid_client() -> OAuthFault:
    """The client is unknown or failed to authenticate. Hosts register anew when they see it."""
    return OAuthFault(
        "invalid_client",
        "The client is unknown or its authentication failed. Register it again, or check its credentials.",
        401,
    )


def unauthorized_client(description: str) -> OAuthFault:
    """The client is who it says, and may not do this (RFC 6749 section 5.2)."""
    return OAuthFault("unauthorized_client", description)
