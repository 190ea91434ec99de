"""Protocol errors; clients get them as JSON (`client_endpoint.py`), people as a page (`routes.py`)."""

from typing import ClassVar

from app.db import CommittedError


class OAuthError(CommittedError):
    """An error response (RFC 6749 sections 4.1.2.1 and 5.2): `error` is a registered code, `description` is for the
    client's developer, in ASCII without quotes and backslashes.

    It commits its transaction: a used code stays used and a revoked grant stays revoked although the request fails.
    """

    is_recorded: ClassVar[bool] = False
    """Whether an audit row of its own says more about it than that the request was refused."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description
        self.status = status


def invalid_request(description: str) -> OAuthError:
    """The request is malformed."""
    return OAuthError("invalid_request", description)


class NotRegistered(OAuthError):
    """The client is unknown, or the redirect URI is not one of its own: nothing may be sent there."""

    def __init__(self) -> None:
        super().__init__("invalid_request", "The app is not registered here, or not with this return address.")


class SchemeRefused(OAuthError):
    """A redirect URI has a private-use scheme that the operator doesn't accept."""

    def __init__(self, scheme: str) -> None:
        description = f"The operator does not accept the return address: OAUTH_REDIRECT_SCHEMES lacks {scheme}."
        super().__init__("invalid_request", description)


def invalid_grant(description: str) -> OAuthError:
    """The code or refresh token is invalid, expired, used or revoked."""
    return OAuthError("invalid_grant", description)


def invalid_scope(description: str) -> OAuthError:
    """None of the requested scopes can be granted."""
    return OAuthError("invalid_scope", description)


def invalid_target() -> OAuthError:
    """The `resource` does not exist here, or is not the one that was approved (RFC 8707 section 2)."""
    return OAuthError("invalid_target", "The resource is not one of this server, or not the one that was approved.")


def invalid_client() -> OAuthError:
    """The client is unknown or failed to authenticate. Hosts register again when they see it."""
    return OAuthError(
        "invalid_client",
        "The client is unknown or its authentication failed. Register it again, or check its credentials.",
        401,
    )


def unauthorized_client(description: str) -> OAuthError:
    """The client has authenticated, and may not do this (RFC 6749 section 5.2)."""
    return OAuthError("unauthorized_client", description)
