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
A test run fails when one of them does not exist or did not run.

{{ proven | length }} of {{ claims | length }} requirements are proven by a test.
{% if open %}The others stand [at the end](#not-proven-yet).
{% endif %}
| source | level | requirement | what we do | proven by |
| --- | --- | --- | --- | --- |
{% for claim in proven -%}
| {{ claim.source | cell }} | {{ claim.level }} | {{ claim.requirement | cell }} | {{ claim.what_we_do | cell }} | \
{{ claim.tests | map('proof') | join('<br>') }} |
{% endfor %}
{%- if open %}
## Not proven yet

| source | level | requirement | where we are |
| --- | --- | --- | --- |
{% for claim in open -%}
| {{ claim.source | cell }} | {{ claim.level }} | {{ claim.requirement | cell }} | {{ claim.what_we_do | cell }} |
{% endfor %}
{%- endif -%}
"""


def security_page() -> str:
    """The page as it must be."""
    # The result is Markdown, not HTML.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    environment.filters.update(cell=_cell, proof=_proof)
    claims = read_claims()
    proven = [claim for claim in claims if claim.tests]
    still_open = [claim for claim in claims if not claim.tests]
    return environment.from_string(_TEMPLATE).render(claims=claims, proven=proven, open=still_open)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _proof(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{path})"


def write_page() -> list[Claim]:
    """Write the page; the claims on it."""
    PAGE.write_text(security_page(), encoding="utf-8")
    return read_claims()
