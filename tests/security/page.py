"""docs/security.md, written from the requirements; it is also the record of which there are."""

import re
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from tests.documents import ROOT
from tests.security.requirements import MarkedTest, Requirement

PAGE: Final = ROOT / "docs" / "security.md"

# By the first word of an id.
_AREAS: Final = {
    "Protected resource metadata": ["prm"],
    "The challenge": ["challenge"],
    "Access tokens": ["token", "rs"],
    "Scopes": ["scope"],
    "MCP's transport": [
        *("auth", "origin", "host", "bind", "local", "stdio"),
        *("post", "header", "body", "batch", "stream", "handles", "mrtr"),
    ],
    "Authorization server and its metadata": ["as"],
    "Authorization endpoint": ["az"],
    "Consent": ["cn"],
    "Authorization codes": ["cd"],
    "Token endpoint": ["tk"],
    "Refresh tokens": ["rt"],
    "Revocation and introspection": ["rv", "in"],
    "Registration of clients": ["rg", "pr"],
    "Client ID metadata documents": ["ci"],
    "Recipes from web pages": ["pg"],
    "Client assertions": ["ja"],
    "Client credentials": ["cc"],
    "External issuers": ["ex"],
    "Sign-in at an OpenID provider": ["up"],
    "Signing keys": ["ky"],
    "Accounts, passwords and sessions": ["ac", "iv", "qu"],
    "API keys": ["ak"],
    "Guests": ["gu"],
    "Audit": ["au"],
    "Limits": ["li"],
    "Clients and conformance": ["cl"],
    "Tenants and errors": ["tn", "er"],
}

_TEMPLATE: Final = """\
# Security: what is asked, what we do, what proves it

Each row is a requirement of the MCP specification or of a standard that it builds on, in our words. The tests in its
last column fail when we stop doing it, and a test run fails when one of them did not run, naming those that were
skipped, with the reason. `grep -rn ID tests` finds the tests of a requirement. `make docs` writes this page from their
markers and never drops a requirement: delete its row here first.

Of {{ requirements | length }} requirements {{ met | length }} are met and proven by a test, \
{{ different | length }} are [done differently](#done-differently)
on purpose, and {{ missing | length }} are [not met yet](#not-met-yet).

MCP is revision 2026-07-28 of the specification, by page and section; OAuth 2.1 is draft-ietf-oauth-v2-1-13; CIMD is
draft-ietf-oauth-client-id-metadata-document-00.
{% for area, requirements in areas.items() %}
## {{ area }}

| id | asked by | requirement | here | proven by |
| --- | --- | --- | --- | --- |
{% for each in requirements -%}
| {{ each.id }} | {{ each.level }} {{ each.sources }} | {{ each.words | cell }} | {{ each.answer | cell }} | \
{{ each.tests | map('sentence') | join('<br>') }} |
{% endfor -%}
{% endfor %}
## Done differently

| id | asked by | requirement | what we do instead, and why | shown by |
| --- | --- | --- | --- | --- |
{% for each in different -%}
| {{ each.id }} | {{ each.level }} {{ each.sources }} | {{ each.words | cell }} | {{ each.answer | cell }} | \
{{ each.tests | map('sentence') | join('<br>') }} |
{% endfor %}
## Not met yet

| id | asked by | requirement | where we are |
| --- | --- | --- | --- |
{% for each in missing -%}
| {{ each.id }} | {{ each.level }} {{ each.sources }} | {{ each.words | cell }} | {{ each.answer | cell }} |
{% endfor %}
{#- -#}
"""


class LostRequirements(Exception):
    """The page has requirements that are stated nowhere now."""


def write_page(requirements: list[Requirement], page: Path = PAGE) -> None:
    """Write the page in place of the one that is there.

    Raises:
        LostRequirements: The page that is there has further requirements.
    """
    listed = set(re.findall(r"^\| ([a-z0-9]+-[a-z0-9-]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE))
    if lost := sorted(listed - {each.id for each in requirements}):
        raise LostRequirements(
            f"No test states {', '.join(lost)}. Prove it again, list it in tests/security/unproven.py with the reason, "
            f"or delete its row from {page.name} if it is not required any longer."
        )
    page.write_text(render_page(requirements), encoding="utf-8")


def render_page(requirements: list[Requirement]) -> str:
    """Return the page as it must be."""
    # The result is Markdown, not HTML.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    environment.filters.update(cell=_cell, sentence=_sentence)
    met = [each for each in requirements if each.state == "Here"]
    return environment.from_string(_TEMPLATE).render(
        requirements=requirements,
        met=met,
        different=[each for each in requirements if each.state == "Instead"],
        missing=[each for each in requirements if each.state == "Not yet"],
        areas=_by_area(met),
    )


def _by_area(requirements: list[Requirement]) -> dict[str, list[Requirement]]:
    area_of = {first_word: area for area, first_words in _AREAS.items() for first_word in first_words}
    by_area: dict[str, list[Requirement]] = {area: [] for area in _AREAS}
    for each in requirements:
        by_area[area_of[each.id.partition("-")[0]]].append(each)
    return by_area


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _sentence(test: MarkedTest) -> str:
    return test.name.removeprefix("test_").replace("_", " ") + (" (slow)" if test.lane == "slow" else "")
