"""Authorization requests that wait, in one browser, for a person to sign in and answer."""

from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.crypto.tokens import hash_of
from app.db import Connection
from app.oauth.authorize.repository import (
    AuthorizationRequest,
    UsedRequest,
    find_last,
    find_request,
    lock_request,
    rebind_request,
)
from app.oauth.clients.policy import host_of, is_document_id
from app.oauth.clients.repository import find_client
from app.people.models import Person
from app.people.passkeys.repository import end_half_sign_in_of, find_half_signed_in
from app.people.session_repository import SENT_AGAIN_WITHIN, close_session_of
from app.ui.languages import gettext as _
from app.ui.page_kit import NewCookie, PageKit, SubmittedForm
from app.ui.paths import ACCESS, SECOND_STEP

REQUEST: Final = "request"
"""The parameter, and the field of forms, that names the waiting request."""

CONSENT: Final = "/oauth/consent"
SIGN_IN: Final = "/oauth/sign-in"


class PendingRequests:
    """The waiting requests as the sign-in pages see them: each is named by its id and open in one browser only."""

    base: Final = "/oauth"
    field: Final = REQUEST
    bound_field: Final = REQUEST

    def __init__(self, kit: PageKit) -> None:
        self._kit = kit

    def parse(self, text: str) -> str:
        """Return the request's id in its usual spelling; empty if it is none."""
        request_id = self.request_id(text)
        return "" if request_id is None else str(request_id)

    def request_id(self, text: str) -> UUID | None:
        """Return the id that a parameter names; None if it is none."""
        try:
            return UUID(text)
        except ValueError:
            return None

    def path(self, request_id: str) -> str:
        """Return the path of the consent page."""
        return f"{CONSENT}?request={request_id}"

    async def find(self, connection: Connection, cookie: str, text: str) -> AuthorizationRequest | None:
        """Return the open request that a parameter names; None unless it is open in the browser with this cookie."""
        request_id = self.request_id(text)
        if request_id is None:
            return None
        return await find_request(connection, request_id, hash_of(cookie), self._kit.clock())

    async def app_name(self, connection: Connection, cookie: str, request_id: str) -> str | None:
        """Return the name of the client whose request waits in this browser, or None.

        A metadata document is fetched only after the sign-in; until then its host stands for the name.
        """
        waiting = await self.find(connection, cookie, request_id)
        return None if waiting is None else await client_name(connection, waiting.client_id)

    async def enter(
        self, connection: Connection, cookie: str, request_id: str, person: Person | None
    ) -> Response | None:
        """Sign `person` in (None: sign out) and go on with the request, which gets a new id, in a browser with a new
        cookie.

        Whatever was known of the browser before, such as a cookie planted in it, is worthless afterwards. None, with
        nothing changed, if the request is not open.
        """
        waiting = await self._lock(connection, cookie, request_id, person)
        if waiting is None:
            return None
        new = await self._kit.swap_session(connection, cookie, person)
        return await self._go_on(connection, waiting, new, SIGN_IN if person is None else CONSENT)

    async def hold(self, connection: Connection, cookie: str, request_id: str, person: Person) -> Response | None:
        """Go to the second step of a sign-in for the request, as `enter` does with the first."""
        waiting = await self._lock(connection, cookie, request_id, person)
        if waiting is None:
            return None
        new = await self._kit.hold_session(connection, cookie, person)
        return await self._go_on(connection, waiting, new, f"{self.base}{SECOND_STEP}")

    async def gone(self, connection: Connection, cookie: str, request_id: str) -> Response:
        """Return what to show for a request that isn't open under this id in the browser with this cookie: the page
        that it has moved on to here, how it was answered here, or that it is out of date."""
        known = self.request_id(request_id)
        found = None if known is None else await find_last(connection, known)
        if found is None or found[1].request.browser_hash != hash_of(cookie):
            return self.out_of_date()
        last, now = found[1], self._kit.clock()
        if last.answer is not None:
            return await self.answered(connection, last)
        if last.used_at is not None or last.request.expires_at <= now:
            return self.out_of_date()
        is_half = await find_half_signed_in(connection, cookie, now) is not None
        path = f"{self.base}{SECOND_STEP}" if is_half else CONSENT
        return self._kit.see_other(f"{path}?request={last.request.id}")

    async def answered(self, connection: Connection, used: UsedRequest) -> Response:
        """Return the page that says which answer counted."""
        app = await client_name(connection, used.request.client_id) or _("the app")
        if used.answer == "approved":
            text = _(
                "You approved %(app)s. The first answer counts: go back to the app. If it still waits, start again "
                "there.",
                app=app,
            )
        else:
            text = _(
                "You denied %(app)s. The first answer counts: to connect it after all, start again in the app.", app=app
            )
        return self._kit.pages.page(
            "done.html",
            status=400,
            title=_("You have answered already"),
            text=text,
            path=ACCESS,
            label=_("See what has access to your lists"),
        )

    async def _lock(
        self, connection: Connection, cookie: str, request_id: str, person: Person | None
    ) -> AuthorizationRequest | None:
        known = self.request_id(request_id)
        if known is None:
            return None
        waiting = await lock_request(connection, known, hash_of(cookie), self._kit.clock())
        if waiting is not None or person is None:
            return waiting
        return await self._take_over(connection, cookie, known, person)

    async def _take_over(
        self, connection: Connection, cookie: str, request_id: UUID, person: Person
    ) -> AuthorizationRequest | None:
        """Lock and return the request that the same form, sent a moment before, has moved on.

        A double click sends a form twice with one cookie, and browsers drop the first answer with the cookie in it.
        Whoever sends it again has proven once more that they are `person`, and must be the one who signed in by the
        first: the cookie alone may be known to others. The sign-in of the first ends.
        """
        now = self._kit.clock()
        found = await find_last(connection, request_id, moved_since=now - SENT_AGAIN_WITHIN)
        if found is None or found[0].request.browser_hash != hash_of(cookie):
            return None
        moved = found[1].request
        waiting = await lock_request(connection, moved.id, moved.browser_hash, now)
        if waiting is None:
            return None
        is_theirs = await close_session_of(
            connection, person.id, moved.browser_hash.hex()
        ) or await end_half_sign_in_of(connection, person.id, moved.browser_hash)
        return waiting if is_theirs else None

    async def _go_on(
        self, connection: Connection, waiting: AuthorizationRequest, new: NewCookie, path: str
    ) -> Response:
        moved = await rebind_request(connection, waiting, hash_of(new.value), self._kit.clock())
        return self._kit.see_other(f"{path}?request={moved.id}", new)

    def out_of_date(self) -> Response:
        """Return the page for a form or address that is no longer valid."""
        return self._kit.pages.message(
            _("This page is out of date"),
            _(
                "It was open for too long, was already answered, or belongs to another browser or another sign-in. You "
                "also see this when your browser does not keep cookies. Go back to your app and connect again."
            ),
        )


async def client_name(connection: Connection, client_id: str) -> str:
    """Return how pages call a client; empty if it is no longer known."""
    if is_document_id(client_id):
        return host_of(client_id)
    client = await find_client(connection, client_id)
    return client.name if client else ""


def request_of(form: SubmittedForm) -> UUID:
    """Return the id of the request that a form is about. The form's CSRF token covers it: we wrote it."""
    return UUID(form.fields.one(REQUEST))
