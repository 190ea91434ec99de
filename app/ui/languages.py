"""The languages of the pages: which one a browser gets, and what is said in it.

Message ids are the English texts, so English needs no catalogue. The language belongs to the request: whoever serves a
page does so inside of `visiting`.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import negotiate_locale
from starlette.requests import HTTPConnection

from app.errors import AppError

ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "de": "Deutsch"}
"""The languages, each by its own name."""

CATALOGUES: Final = Path(__file__).parent / "catalogues"
COOKIE: Final = "language"

_LONGEST: Final = 1_000
_RANGE: Final = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?")
"""A language and its weight in Accept-Language (RFC 9110 section 12.5.4)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What every page depends on: the visitor's language, and the path that the browser asked for."""

    language: str = ENGLISH
    path: str = ""


_visit: Final[ContextVar[Visit]] = ContextVar("visit", default=Visit())  # noqa: B039  # it is frozen


def current_visit() -> Visit:
    """Return the visit that is served in this context."""
    return _visit.get()


def visiting(connection: HTTPConnection) -> AbstractContextManager[None]:
    """Serve the block in the language of the browser that sent a request."""
    return during(Visit(language_of(connection), connection.scope["path"]))


@contextmanager
def during(visit: Visit) -> Generator[None]:
    """Serve the block for a visit."""
    token = _visit.set(visit)
    try:
        yield
    finally:
        _visit.reset(token)


def language_of(connection: HTTPConnection) -> str:
    """Return the language that was chosen in the browser, else the first that it accepts and we have, else English."""
    chosen = connection.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    ranges = _RANGE.findall(connection.headers.get("accept-language", "")[:_LONGEST])
    weights = {tag.lower(): float(weight or 1) for tag, weight in reversed(ranges)}
    accepted = sorted(filter(weights.get, weights), key=lambda tag: weights[tag], reverse=True)
    return negotiate_locale(accepted, LANGUAGES, sep="-") or ENGLISH


def gettext(message: str, /, **values: object) -> str:
    """Return a message in the language of the visit, with values for its placeholders. It is text, not markup."""
    translated = translations().gettext(message)
    return translated % values if values else translated


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the message for a number of things, with values for its placeholders."""
    translated = translations().ngettext(one, many, number)
    return translated % values if values else translated


def error_text(error: AppError) -> str:
    """Return what an error says in the language of the visit."""
    language = _visit.get().language
    if language == ENGLISH:
        return error.message
    template, values = gettext(error.template), error.values
    if "wait" in values and error.retry_after is not None:
        from babel.dates import format_timedelta

        wait = format_timedelta(timedelta(seconds=error.retry_after), add_direction=True, locale=language)
        values = values | {"wait": wait}
    return template.format_map(values) if values else template


def translations() -> NullTranslations:
    """Return the catalogue of the visit's language."""
    return _catalogue(_visit.get().language)


@cache
def _catalogue(language: str) -> NullTranslations:
    """Return the catalogue of a language, compiled from its text when the first page needs it."""
    if language == ENGLISH:
        return NullTranslations()
    # Loaded with the first such page: many processes never show one.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (CATALOGUES / f"{language}.po").open("rb") as text:
        write_mo(compiled, read_po(text, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
