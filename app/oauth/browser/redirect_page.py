"""Sending a browser on to another site after a form."""

from starlette.responses import Response

from app.oauth.context import OAuthContext
from app.ui.headers import BARE_PAGE, NO_REFERRER


def onward(server: OAuthContext, title: str, words: str, target: str) -> Response:
    """A page that goes on to `target` by itself. Chrome applies `form-action` to redirects that follow a form, so a
    plain one to another host would do nothing."""
    return server.pages.page(
        "onward.html", policy=BARE_PAGE, referrer=NO_REFERRER, title=title, words=words, target=target
    )
