"""Pages about the service itself, and the files that browsers, crawlers and finders of faults look for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.lists.history.retention import KEPT
from app.people.passkeys.models import relying_party
from app.runtime.clock import Clock
from app.settings import Settings
from app.ui.languages import LANGUAGES, visiting
from app.ui.pages import Pages
from app.ui.security_headers import ANYWHERE
from app.ui.static_files import STATIC_FILES

TEMPLATES: Final[Mapping[str, str]] = {
    "/privacy": "privacy.html",
    "/terms": "terms.html",
    "/support": "support.html",
    "/docs/tools": "tools.html",
}

_SECURITY_TXT_LIFE: Final = timedelta(days=180)
_A_DAY: Final = {"Cache-Control": "public, max-age=86400"}

_ROBOTS: Final = """\
User-agent: *
Disallow: {path}/account
Disallow: {path}/guest
Disallow: {path}/household
Disallow: {path}/join
Disallow: {path}/lists
Disallow: {path}/oauth
"""


@dataclass(frozen=True, slots=True)
class DescribedTool:
    """A tool as the page for people shows it: its title, what a model reads about it, and its arguments."""

    name: str
    title: str
    description: str
    changes: bool
    arguments: Sequence[tuple[str, str]]


def about_routes(settings: Settings, tools: Sequence[DescribedTool], clock: Clock) -> list[BaseRoute]:
    """Return the routes of the pages in TEMPLATES, `security.txt`, `favicon.ico` and `robots.txt`."""
    pages = Pages(settings.public_path, "app.web")
    context: dict[str, Any] = {
        "operator": settings.operator_name,
        "address": settings.operator_address,
        "email": settings.operator_email,
        "public_url": settings.public_url,
        "audit_days": settings.audit_days,
        "event_days": KEPT.days,
        "sends_emails": settings.smtp is not None,
        "has_accounts": settings.auth_server,
        "has_passkeys": settings.auth_server
        and settings.password_sign_in
        and relying_party(settings.public_url) is not None,
        "tools": tools,
    }

    def page(path: str, template: str) -> Route:
        async def show(request: Request) -> Response:
            with visiting(request):
                return pages.page(template, **context)

        return Route(path, show)

    async def security(request: Request) -> Response:
        return PlainTextResponse(_security_txt(settings, clock()), headers=_A_DAY)

    async def robots(request: Request) -> Response:
        return PlainTextResponse(_ROBOTS.format(path=settings.public_path), headers=_A_DAY)

    async def favicon(request: Request) -> Response:
        return FileResponse(STATIC_FILES / "favicon.ico", headers=dict([*_A_DAY.items(), ANYWHERE]))

    return [
        *(page(path, template) for path, template in TEMPLATES.items()),
        Route("/.well-known/security.txt", security),
        Route("/robots.txt", robots),
        Route("/favicon.ico", favicon),
    ]


def _security_txt(settings: Settings, now: datetime) -> str:
    """Return where to report a fault (RFC 9116). It never expires while the service runs."""
    contact = f"{settings.public_url}/support"
    if settings.operator_email is not None:
        contact = f"mailto:{settings.operator_email}"
    expires = (now + _SECURITY_TXT_LIFE).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        f"Contact: {contact}\n"
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}\n"
        f"Preferred-Languages: {', '.join(LANGUAGES)}\n"
        f"Canonical: {settings.public_url}/.well-known/security.txt\n"
    )
