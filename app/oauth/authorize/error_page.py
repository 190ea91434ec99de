"""The page for an error that is not sent to the client."""

from starlette.responses import Response

from app.oauth.context import OAuthContext
from app.oauth.faults import OAuthFault


def fault_page(server: OAuthContext, fault: OAuthFault) -> Response:
    """Return the page for a client's error that is not sent on to the client."""
    return server.kit.pages.page(
        "authorize_fault.html", status=fault.status, error=fault.error, description=fault.description
    )
