"""The catalogues of the pages: what is extracted from the code, and how the files are brought up to date."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from app.ui.languages import CATALOGUES, ENGLISH, LANGUAGES

ROOT: Final = Path(__file__).parents[2]

TEMPLATES: Final = "app/**/templates/**/*.html"
CODE: Final = (
    *("app/ui/**/*.py", "app/web/**/*.py", "app/oauth/authorize/*.py", "app/oauth/oidc_login/*.py"),
    "app/oauth/credentials/own_api_keys.py",
    *("app/people/**/*.py", "app/households/*.py", "app/limits/*.py", "app/db/*.py"),
    *(
        "app/lists/shared_list.py",
        "app/alerts/*.py",
        "app/lists/history/summaries.py",
        "app/lists/transfer/delete_household.py",
        "app/runtime/mailer.py",
        "app/text.py",
    ),
)
"""What writes to people on pages: the pages themselves, and what refuses the forms on them."""

_ERRORS: Final = ("Conflict", "Invalid", "LimitReached", "NotFound", "RoleRefused", "Unavailable")
_KEYWORDS: Final = {
    **dict.fromkeys(("_", "gettext", "gettext_noop", *_ERRORS)),
    "ngettext": (1, 2),
}


def extracted() -> Catalog:
    """Return the messages of the code, as a catalogue without translations."""
    found = Catalog()
    for path, method in sources():
        options = {"trimmed": "true", "silent": "false"} if method == "jinja2" else {}
        # It warns of errors whose text is composed, as most of those for assistants are: they stay English on pages.
        for _, message, _, _ in extract_from_file(method, path, keywords=_KEYWORDS, options=options):
            found.add(message)
    return found


def updated(language: str) -> bytes:
    """Return the file of a language as it should be: the messages of the code, with the translations that there are."""
    known = read(language)
    catalogue = Catalog(locale=language)
    for message in extracted():
        if message.id:
            translated = known.get(message.id)
            catalogue.add(message.id, string=translated.string if translated else "", flags=message.flags)
    text = BytesIO()
    write_po(text, catalogue, width=120, omit_header=True, sort_output=True)
    return HEADER.format(language=language, plural=catalogue.plural_forms).encode() + text.getvalue()


HEADER: Final = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"

"""
"""Without dates, which would make every two changes collide."""


def read(language: str) -> Catalog:
    """Return the catalogue in the file of a language."""
    with file_of(language).open("rb") as text:
        return read_po(text, locale=language, abort_invalid=True)


def file_of(language: str) -> Path:
    """Return the path of the file of a language."""
    return CATALOGUES / f"{language}.po"


TRANSLATED: Final = [each for each in LANGUAGES if each != ENGLISH]


def sources() -> Iterator[tuple[Path, str]]:
    """Give every file that messages come from, with the way of reading it."""
    for path in sorted(ROOT.glob(TEMPLATES)):
        yield path, "jinja2"
    for pattern in CODE:
        for path in sorted(ROOT.glob(pattern)):
            yield path, "python"
