"""Where signing in leads: to a page of the account, or on with the request of a client.

Both kinds have the same members, so one set of handlers serves them. A single destination is a text, a path or the id
of a request, which addresses and forms carry in `field`. The forms are below the path `base`, and their CSRF tokens
cover the value of `bound_field`.
"""

from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from app.db import Connection
from app.oauth.authorize.pending_requests import PendingRequests
from app.people.models import Person
from app.ui.forms import local_path
from app.ui.languages import gettext as _
from app.ui.page_kit import PageKit
from app.ui.paths import SECOND_STEP

ACCOUNT: Final = "/account"
SIGN_IN: Final = "/account/sign-in"


class AccountPages:
    """Paths of this service, such as `/account`; they are always open."""

    base: Final = ACCOUNT
    field: Final = "next"
    bound_field: Final = ""

    def __init__(self, kit: PageKit) -> None:
        self._kit = kit

    def parse(self, text: str) -> str:
        """Return the path if it can only be one of this service, else `/account`."""
        return local_path(text, ACCOUNT)

    def request_id(self, destination: str) -> None:
        """No client waits."""

    def path(self, destination: str) -> str:
        """Return the destination itself."""
        return destination

    async def app_name(self, connection: Connection, cookie: str, destination: str) -> str:
        """No app waits."""
        return ""

    async def enter(self, connection: Connection, cookie: str, destination: str, person: Person | None) -> Response:
        """Sign in and go to the path, or sign out and go to the sign-in page."""
        path = SIGN_IN if person is None else destination
        return self._kit.see_other(path, await self._kit.swap_session(connection, cookie, person))

    async def hold(self, connection: Connection, cookie: str, destination: str, person: Person) -> Response:
        """Go to the second step of a sign-in that leads to the path."""
        new = await self._kit.hold_session(connection, cookie, person)
        return self._kit.see_other(f"{self.base}{SECOND_STEP}?{urlencode({self.field: destination})}", new)

    async def gone(self, connection: Connection, cookie: str, destination: str) -> Response:
        """Go on to the path, which is always open."""
        return self._kit.see_other(destination)

    def out_of_date(self) -> Response:
        """Return a page that leads to the account."""
        return self._kit.pages.page(
            "done.html",
            status=400,
            title=_("This page is out of date"),
            text=_(
                "It was open for too long, was already used, or belongs to another browser or another sign-in. You "
                "also see this when your browser does not keep cookies."
            ),
            path=ACCOUNT,
            label=_("Go to your account"),
        )


Destinations = AccountPages | PendingRequests
