"""Every catalogue is complete and up to date, and says the same as the code with the same placeholders."""

import re
from collections import Counter
from string import Formatter

import pytest
from babel.messages.catalog import Message

from app.errors import LimitReached
from app.ui.languages import error_text, visiting
from app.ui.pages import Pages
from tests.languages.catalogues import TRANSLATED, extracted, file_of, read, sources, updated
from tests.ui.test_languages import request

PERCENT = re.compile(r"%(?:\((\w+)\))?[a-z%]")
TAG = re.compile(r"</?\w+[^>]*>")


def texts(value: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [""])


def placeholders(text: str) -> set[str]:
    """Both kinds: those of pages, and those of errors."""
    named = {name for _, name, _, _ in Formatter().parse(text) if name}
    return {found[0] for found in PERCENT.finditer(text)} | {f"{{{name}}}" for name in named}


def markup(text: str) -> Counter[str]:
    return Counter(TAG.findall(text))


def translated(language: str) -> list[Message]:
    return [message for message in read(language) if message.id]


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_what_make_messages_writes(language: str) -> None:
    assert file_of(language).read_bytes() == updated(language), "run make messages"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_complete(language: str) -> None:
    found = translated(language)
    assert len(found) == len([message for message in extracted() if message.id]) > 200
    assert [message.id for message in found if not all(texts(message.string)) or message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_and_markup_are_those_of_the_code(language: str) -> None:
    pairs = [(texts(message.id)[-1], text) for message in translated(language) for text in texts(message.string)]
    assert [text for wanted, text in pairs if placeholders(text) != placeholders(wanted)] == []
    assert [text for wanted, text in pairs if markup(text) != markup(wanted)] == []


@pytest.mark.parametrize("text", ["%(name)s", "{most}", "{most:,} and %(a)s", "%d"])
def test_a_placeholder_that_differs_is_found(text: str) -> None:
    assert placeholders(text)
    assert placeholders(text) != placeholders("nothing of it")


def test_a_message_without_values_may_hold_a_percent_sign_only_doubled() -> None:
    """Templates treat every message as a format."""
    for message in extracted():
        for text in texts(message.id):
            alone = re.sub(r"%\(\w+\)s|%%", "", text)
            assert "%" not in alone, text


def test_no_page_translates_a_text_that_it_has_composed() -> None:
    """The catalogue could not know it."""
    composed = re.compile(r"\b(?:_|gettext(?:_noop)?)\(\s*f[\"']")
    assert [str(path) for path, _ in sources() if composed.search(path.read_text())] == []
    assert composed.search('title = _(f"{name}")')


def test_an_error_is_translated_with_its_values_and_its_wait() -> None:
    error = LimitReached("Too many changes at once. Try again {wait}.", values={"wait": "in a minute"}, retry_after=60)
    assert error_text(error) == error.message == "Too many changes at once. Try again in a minute."
    with visiting(request("de")):
        assert error_text(error) == "Zu viele Änderungen auf einmal. Versuch es in 1 Minute noch einmal."


def test_what_an_error_quotes_is_escaped_and_never_taken_for_a_format() -> None:
    error = LimitReached("{field} is empty; it needs at least one visible character.", values={"field": "<b>{x}%s"})
    with visiting(request("de")):
        html = bytes(Pages("").refusal(error).body).decode()
    assert "Das Feld „&lt;b&gt;{x}%s“ ist leer" in html
