"""What people say about their pantry: "we still have rice", "we're out of flour", "the milk expires on Friday"."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from app.quantities import Quantity

MOST_CORRECTIONS: Final = 1_000
"""The most names of which a household's word is kept."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What was said of a name, and when. It is valid until the thing is bought again."""

    name_key: str
    name: str
    have: bool
    said_at: datetime
    quantity: Quantity | None = None
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class CorrectionChange:
    """What a call did to a correction; None where there is none."""

    name_key: str
    before: Correction | None
    after: Correction | None
