"""docs/audit.md says what is so."""

from typing import get_args

from app.audit.models import Action
from app.audit.verify import Kind
from app.oauth.grants.revocation import RevocationReason
from tests.documents import ROOT, rendered, table


def test_the_document_lists_every_action_every_reason_and_every_kind_of_fault() -> None:
    page = rendered(ROOT / "docs/audit.md")
    actions = {name for row in table(page, "action", "when") for name in row[0].split(", ")}
    assert actions == set(Action)
    assert [row[0] for row in table(page, "kind", "means")] == list(get_args(Kind))
    reasons = {reason for row in table(page, "detail", "means") for reason in row[0].split(", ")}
    assert reasons == set(RevocationReason)
