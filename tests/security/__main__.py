"""`python -m tests.security`: write docs/security.md."""

from tests.documents import ROOT
from tests.security.page import PAGE, write_page

claims = write_page()
print(f"{PAGE.relative_to(ROOT)}: {len(claims)} claims, {sum(claim.state == 'open' for claim in claims)} not met yet")
