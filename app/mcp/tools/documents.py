"""Ids and addresses of what `search` finds and `fetch` reads."""

from typing import Final
from urllib.parse import quote

from app.households.tenant import ProvenHousehold
from app.ui.paths import HOUSEHOLD

_BETWEEN: Final = ":"


def document_id(household: ProvenHousehold, ref: str) -> str:
    """Return the id of something by its ref: `h2abcdefgh:i12`. It stays the same, whatever households a grant has."""
    return f"{household.membership.ref}{_BETWEEN}{ref}"


def split_id(document: str) -> tuple[str | None, str]:
    """Return the ref of a household, None if the id has none, and the ref of something in it."""
    household, between, ref = document.strip().partition(_BETWEEN)
    return (household, ref) if between else (None, household)


def document_url(document: str) -> str:
    """Return the path of the page about it: that of the households, since lists have none yet."""
    return f"{HOUSEHOLD}#{quote(document, safe=_BETWEEN)}"
