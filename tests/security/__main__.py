"""`python -m tests.security`: write docs/security.md."""

from tests.documents import ROOT
from tests.security.page import PAGE, write_page

claims = write_page()
print(f"{PAGE.relative_to(ROOT)}: {len(claims)} claims, {sum(not claim.tests for claim in claims)} not proven yet")
