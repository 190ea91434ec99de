"""Rendered pages with their security headers."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final, cast

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse

from app import VERSION
from app.errors import AppError
from app.ui.amounts import quantity_text
from app.ui.dates import date_element, time_element, weekday_text
from app.ui.languages import LANGUAGES, current_visit, error_text, gettext, translations
from app.ui.static_files import static_address
from app.ui.status import set_retry_after, status_of_page

# No inline script or style, nothing from other hosts; forms and scripts talk to this service only.
FORM_PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A page that only redirects: it loads our own sheet, and nothing else.
BARE_PAGE: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

UNUSED: Final = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment", "serial", "usb")
)
"""What pages never ask a browser for, and no script of anybody else in them either."""

COLOURS: Final[Mapping[str, str]] = {"light": "#f3f5f2", "dark": "#121614"}
"""The colour of pages in each colour scheme, as style.css has it."""

# Under `no-referrer` browsers send `Origin: null` with a form, which the Origin check refuses.
OWN_REFERRER: Final = "same-origin"
NO_REFERRER: Final = "no-referrer"


def page_headers(policy: str = FORM_PAGE, referrer: str = OWN_REFERRER) -> Mapping[str, str]:
    """Return the headers of a page.

    There is no Cross-Origin-Opener-Policy on purpose: hosts open our pages as a popup and need `window.opener` when the
    browser comes back to them.
    """
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": referrer,
        "Permissions-Policy": UNUSED,
        "X-Frame-Options": "DENY",
    }


@cache
def _environment(*packages: str) -> Environment:
    """Return the one environment for these packages, so that each template is compiled once, for every language."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    catalogue = cast(Any, environment)  # methods of the extension
    catalogue.install_gettext_callables(_gettext, _ngettext, newstyle=True)
    filters = cast("dict[str, Callable[..., str]]", environment.filters)
    filters |= {
        "date": date_element,
        "time": time_element,
        "quantity": quantity_text,
        "weekday": weekday_text,
        "translated": _translated,
        "error_text": _error_text,
    }
    return environment


def _gettext(message: str) -> str:
    return translations().gettext(message)


def _ngettext(one: str, many: str, number: int) -> str:
    return translations().ngettext(one, many, number)


@pass_context  # so that it isn't applied when the template is compiled
def _translated(_: Context, text: str) -> str:
    """Return a text that isn't written in the template, such as that of an error, in the language of the visit."""
    return gettext(text)


@pass_context
def _error_text(_: Context, error: AppError) -> str:
    return error_text(error)


def rendered(package: str, template: str, **context: Any) -> str:
    """Return a template of a package, such as that of an e-mail, in the language of the visit."""
    return _environment(package).get_template(template).render({"visit": current_visit()} | context)


class Pages:
    """Renders the templates of `app.ui` and of the given packages.

    All inserted text is escaped, and a name missing from the context is an error instead of an empty string.
    `public_path` is the path in PUBLIC_URL; every link and form starts with it.
    """

    def __init__(self, public_path: str, *packages: str) -> None:
        self._environment = _environment("app.ui", *packages)
        self._common = {
            "base": public_path,
            "version": VERSION,
            "static": partial(static_address, public_path),
            "languages": LANGUAGES,
            "visitor": None,
            "keeper": None,
            "theme_colours": COLOURS,
        }

    def page(
        self, template: str, *, status: int = 200, policy: str = FORM_PAGE, referrer: str = OWN_REFERRER, **context: Any
    ) -> HTMLResponse:
        """Render a page; `context` holds what the template shows."""
        html = self._environment.get_template(template).render(self._common | {"visit": current_visit()} | context)
        return HTMLResponse(html, status, headers=dict(page_headers(policy, referrer)))

    def message(
        self, title: str, text: str, *, status: int = 400, again: str | None = None, label: str = ""
    ) -> HTMLResponse:
        """Render a page with one message and, unless `again` is None, a link to that address (empty: this page) to try
        again."""
        return self.page("message.html", status=status, title=title, text=text, again=again, label=label)

    def refusal(self, error: AppError, again: str = "") -> HTMLResponse:
        """Render the page for a refusal, with Retry-After when waiting helps."""
        response = self.message(
            gettext("That did not work"), error_text(error), status=status_of_page(error), again=again
        )
        set_retry_after(response, error)
        return response
