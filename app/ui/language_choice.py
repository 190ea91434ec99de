"""The form in the footer of every page that chooses the language of the browser."""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.errors import AppError
from app.ui.forms import read_form
from app.ui.languages import COOKIE, LANGUAGES, visiting
from app.ui.languages import gettext as _
from app.ui.pages import Pages

LANGUAGE: Final = "/language"

_A_YEAR: Final = 365 * 24 * 3600


def language_route(public_url: str) -> Route:
    """Return the route `POST /language`.

    The choice is a cookie that holds the name of a language, and nothing else is changed: so the Origin header is proof
    enough, and the form is the same on every page. The browser goes back to the page that it came from.
    """
    public = urlsplit(public_url)
    origin = f"{public.scheme}://{public.netloc}"
    pages = Pages(public.path)

    async def choose(request: Request) -> Response:
        with visiting(request):
            try:
                chosen = (await read_form(request)).one("language")
            except AppError as error:
                return pages.refusal(error, again=f"{public.path}/")
            is_foreign = any(each != origin for each in request.headers.getlist("origin"))
            if is_foreign or chosen not in LANGUAGES:
                return pages.message(_("This page is out of date"), _("Open it again."), again=f"{public.path}/")
        response = RedirectResponse(
            _back(request, origin, f"{public.path}/"), 303, headers={"Cache-Control": "no-store"}
        )
        response.set_cookie(
            COOKIE,
            chosen,
            max_age=_A_YEAR,
            path=f"{public.path}/",
            secure=public.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    return Route(LANGUAGE, choose, methods=["POST"])


def _back(request: Request, origin: str, otherwise: str) -> str:
    """Return the address of the page with the form if it is one of this origin's, else `otherwise`."""
    came_from = request.headers.get("referer", "")
    return came_from if came_from.startswith(f"{origin}/") else otherwise
