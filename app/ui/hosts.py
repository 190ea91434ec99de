"""The check of Host against PUBLIC_URL alone, so DNS rebinding and false proxy headers change nothing."""

from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import URL, Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.runtime.health import HEALTH_PATHS
from app.settings import is_loopback
from app.ui.languages import gettext as _
from app.ui.languages import visiting
from app.ui.pages import Pages
from app.ui.status import is_for_people

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class HostCheck:
    """Refuses a foreign Host with 421 (RFC 9110 section 15.5.20), except on the health endpoints, which probes
    reach by address.

    A local service answers under every name of this machine. Pages work only at PUBLIC_URL, where their cookies and
    forms belong, so browsers are redirected there from the other names.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._public = urlsplit(public_url)
        host = self._public.hostname or ""
        self._ours = own_hosts(public_url)
        local = _hosts_of(self._public, _LOCAL_NAMES) if is_loopback(host) else frozenset[str]()
        self._allowed = self._ours | local
        self._pages = Pages(self._public.path)
        self._front_page = f"{public_url}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH_PATHS:
            await self._app(scope, receive, send)
            return
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and hosts[0] in self._allowed:
            app = self._app if hosts[0] in self._ours or not _is_for_page(scope) else self._elsewhere(scope)
            await app(scope, receive, send)
            return
        await self._misdirected(HTTPConnection(scope))(scope, receive, send)

    def _misdirected(self, connection: HTTPConnection) -> Response:
        if is_for_people(connection.headers):
            with visiting(connection):
                title, text = _("Wrong address"), _("This service has a different host name.")
                return self._pages.message(title, text, status=421, again=self._front_page, label=_("Go there"))
        text = f"This service has a different host name. Its address is {self._public.geturl()}."
        return JSONResponse({"error": "misdirected_request", "error_description": text}, 421)

    def _elsewhere(self, scope: Scope) -> Response:
        url = URL(scope=scope)
        # A proxy has taken PUBLIC_URL's path off before the request came here.
        path = self._public.path + url.path
        return RedirectResponse(url.replace(scheme=self._public.scheme, netloc=self._public.netloc, path=path))


def own_hosts(public_url: str) -> frozenset[str]:
    """Return the values of a Host header that mean PUBLIC_URL itself, in lower case."""
    public = urlsplit(public_url)
    host = public.hostname or ""
    return _hosts_of(public, frozenset({f"[{host}]" if ":" in host else host}))


def _is_for_page(scope: Scope) -> bool:
    return scope["method"] == "GET" and is_for_people(Headers(scope=scope))


def _hosts_of(public: SplitResult, names: frozenset[str]) -> frozenset[str]:
    """Return the names as in a Host header, which may leave out the scheme's default port."""
    port = public.port or _DEFAULT_PORTS[public.scheme]
    return names | {f"{name}:{port}" for name in names}
