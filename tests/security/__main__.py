"""`python -m tests.security`: write docs/security.md."""

import sys

from tests.documents import ROOT
from tests.security.page import PAGE, LostRequirements, write_page
from tests.security.requirements import InvalidRequirement, read_requirements

try:
    requirements = read_requirements()
    write_page(requirements)
except (InvalidRequirement, LostRequirements) as error:
    sys.exit(str(error))
missing = sum(each.state == "Not yet" for each in requirements)
print(f"{PAGE.relative_to(ROOT)}: {len(requirements)} requirements, {missing} not met yet")
