"""The page kit: templates in, responses with the right headers out."""

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from app import VERSION
from app.errors import AppError
from app.ui.headers import FORM_PAGE, OWN_REFERRER, page_headers
from app.ui.status import set_retry_after, status_of_page


@cache
def _environment(*packages: str) -> Environment:
    """One for all that show the same packages, so that a template is compiled once."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Pages:
    """Renders the templates of `app.ui` and of the given packages. Everything inserted is escaped, and a
    name that is missing from the context is an error instead of an empty string.

    `public_path` is the path in PUBLIC_URL; every link and form starts with it.
    """

    def __init__(self, public_path: str, *packages: str) -> None:
        self._environment = _environment("app.ui", *packages)
        self._common = {"base": public_path, "version": VERSION}

    def page(
        self, template: str, *, status: int = 200, policy: str = FORM_PAGE, referrer: str = OWN_REFERRER, **context: Any
    ) -> HTMLResponse:
        """A rendered page; `context` is what the template shows."""
        html = self._environment.get_template(template).render(self._common | context)
        return HTMLResponse(html, status, headers=dict(page_headers(policy, referrer)))

    def message(
        self, title: str, text: str, *, status: int = 400, again: str | None = None, words: str = "Try again"
    ) -> HTMLResponse:
        """A page that says one thing; with `again`, a link to the address to try again at (empty: the page's own)."""
        return self.page("message.html", status=status, title=title, text=text, again=again, words=words)

    def refusal(self, error: AppError, again: str = "") -> HTMLResponse:
        """The page for a refusal, with Retry-After when waiting helps."""
        response = self.message("That did not work", error.message, status=status_of_page(error), again=again)
        set_retry_after(response, error)
        return response
