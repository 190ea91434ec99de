"""docs/security.md, written from docs/security.csv."""

from typing import Final

from jinja2 import Environment, StrictUndefined

from tests.documents import ROOT
from tests.security.claims import Claim, read_claims

PAGE: Final = ROOT / "docs" / "security.md"

_TEMPLATE: Final = """\
# Security: what is asked, what we do, what proves it

Written by `python -m tests.security` from [security.csv](security.csv). Each row is a requirement of the MCP
specification or of a standard that it builds on, in our words; the tests in the last column fail when we stop doing it.
A test run fails when one of them does not exist or did not run, and names those that were skipped, with the reason.

{{ met | length }} of {{ claims | length }} requirements are met and proven by a test. {{ different | length }} are
[done differently](#done-differently) on purpose, {{ open | length }} are [not met yet](#not-met-yet).

| source | level | requirement | what we do | proven by |
| --- | --- | --- | --- | --- |
{% for claim in met -%}
| {{ claim.source | cell }} | {{ claim.level }} | {{ claim.requirement | cell }} | {{ claim.what_we_do | cell }} | \
{{ claim.tests | map('proof') | join('<br>') }} |
{% endfor %}

## Done differently

| source | level | requirement | what we do instead, and why | shown by |
| --- | --- | --- | --- | --- |
{% for claim in different -%}
| {{ claim.source | cell }} | {{ claim.level }} | {{ claim.requirement | cell }} | {{ claim.words | cell }} | \
{{ claim.tests | map('proof') | join('<br>') }} |
{% endfor %}
## Not met yet

| source | level | requirement | where we are |
| --- | --- | --- | --- |
{% for claim in open -%}
| {{ claim.source | cell }} | {{ claim.level }} | {{ claim.requirement | cell }} | {{ claim.words | cell }} |
{% endfor %}
{#- -#}
"""


def security_page() -> str:
    """The page as it must be."""
    # The result is Markdown, not HTML.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    environment.filters.update(cell=_cell, proof=_proof)
    claims = read_claims()
    of_state = {state: [claim for claim in claims if claim.state == state] for state in ("met", "different", "open")}
    return environment.from_string(_TEMPLATE).render(claims=claims, **of_state)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _proof(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{path})"


def write_page() -> list[Claim]:
    """Write the page; the claims on it."""
    PAGE.write_text(security_page(), encoding="utf-8")
    return read_claims()
