"""What makes the pages an app on a phone: the manifest, and the service worker.

The worker's script imports scripts by addresses that carry their hash, so it changes when any of them does, and
browsers then take the new one.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.ui.languages import LANGUAGES, during, language_of, visiting
from app.ui.languages import Visit as PageVisit
from app.ui.languages import gettext as _
from app.ui.pages import COLOURS, Pages
from app.ui.paths import ACTIVITY, HOUSEHOLD, LISTS
from app.ui.static_files import static_address

MANIFEST: Final = "/manifest.webmanifest"
WORKER: Final = "/service-worker.js"
NO_SIGNAL: Final = "/no-signal"

WORKER_SCRIPTS: Final[Sequence[str]] = ("idb/idb.js", "outbox.js", "worker-pages.js", "worker-push.js")
"""The static files of which the worker consists, each with handlers of its own."""

KEPT_FILES: Final[Sequence[str]] = (
    "style.css",
    "lists.css",
    "register.js",
    "idb/idb.js",
    "outbox.js",
    "held.js",
    "list.js",
    "list-hands.js",
    "icon.svg",
)
"""The static files that pages need without a signal."""

_WORKER_POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'"


def installable_routes(public_path: str, *, has_lists: bool) -> list[BaseRoute]:
    """Return the routes of the manifest, of the worker and of the page that it shows without a signal; where there are
    no pages of lists, the app starts at the front page."""
    script, pages = _worker_script(public_path), Pages(public_path)

    async def manifest(request: Request) -> Response:
        asked = request.query_params.get("language", "")
        language = asked if asked in LANGUAGES else language_of(request)
        with during(PageVisit(language)):
            document = _manifest(public_path, language, has_lists=has_lists)
        return JSONResponse(
            document,
            headers={"Cache-Control": "public, max-age=3600"},
            media_type="application/manifest+json",
        )

    async def worker(request: Request) -> Response:
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _WORKER_POLICY,
        }
        return Response(script, headers=headers, media_type="text/javascript")

    async def no_signal(request: Request) -> Response:
        with visiting(request):
            return pages.page("no_signal.html")

    return [Route(MANIFEST, manifest), Route(WORKER, worker), Route(NO_SIGNAL, no_signal)]


def _worker_script(public_path: str) -> str:
    """Return the worker: where the service is, what is to be kept, and its parts."""
    kept = [static_address(public_path, name) for name in KEPT_FILES]
    parts = [static_address(public_path, name) for name in WORKER_SCRIPTS]
    return f"self.base = {json.dumps(public_path)};\nself.keptFiles = {json.dumps(kept)};\n" + "".join(
        f"importScripts({json.dumps(each)});\n" for each in parts
    )


def _manifest(public_path: str, language: str, *, has_lists: bool) -> dict[str, Any]:
    """Return the manifest (W3C Web Application Manifest) in a language."""

    def icon(name: str, size: str, kind: str = "image/png", purpose: str = "any") -> dict[str, str]:
        return {"src": static_address(public_path, name), "sizes": size, "type": kind, "purpose": purpose}

    def shortcut(name: str, path: str, drawing: str) -> dict[str, Any]:
        return {"name": name, "url": f"{public_path}{path}", "icons": [icon(f"icons/{drawing}.png", "96x96")]}

    shortcuts = [
        shortcut(_("Lists"), LISTS, "lists"),
        shortcut(_("Activity"), ACTIVITY, "receipt"),
        shortcut(_("Household"), HOUSEHOLD, "members"),
    ]
    return {
        "id": f"{public_path}/",
        "name": _("Shopping list"),
        "short_name": _("Shopping list"),
        "description": _("The shopping lists of your household, for you and your assistants."),
        "lang": language,
        "start_url": f"{public_path}{LISTS if has_lists else '/'}",
        "scope": f"{public_path}/",
        "display": "standalone",
        "background_color": COLOURS["light"],
        "theme_color": COLOURS["light"],
        "icons": [
            icon("icon-192.png", "192x192"),
            icon("icon.png", "512x512"),
            icon("icon-maskable.png", "512x512", purpose="maskable"),
            icon("icon.svg", "any", "image/svg+xml"),
        ],
        **({"shortcuts": shortcuts} if has_lists else {}),
    }
