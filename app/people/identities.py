"""People whom an issuer elsewhere vouches for. They are (issuer, subject), never an e-mail address: who may use an
address changes, and issuers don't agree on it (OpenID Connect Core section 5.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.errors import Invalid
from app.people.accounts import LONGEST_NAME
from app.text import clean

NAMELESS: Final = "Somebody"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom an issuer vouched for, and what it calls them."""

    issuer: str
    subject: str
    name: str


def name_in(claims: Mapping[str, object]) -> str:
    """What to call a person, from the claims of an issuer (OpenID Connect Core section 5.1); the first that is fit to
    be shown. An address is cut before the @: the rest of the household need not know it."""
    for claim in ("name", "nickname", "given_name", "preferred_username"):
        name = claims.get(claim)
        if isinstance(name, str):
            try:
                return clean(name.partition("@")[0][:LONGEST_NAME], "name", LONGEST_NAME)
            except Invalid:
                continue
    return NAMELESS
