"""The details of an item as they were asked for, cleaned; each function names the field at fault."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.errors import Invalid, NotFound
from app.households.models import Member
from app.lists.models import LABEL_LENGTH, NAME_LENGTH, NOTE_LENGTH
from app.quantities import Quantity, make_quantity
from app.text import clean, fold

LARGEST_PRICE: Final = Decimal("9999999999")


def item_name(text: str, field: str) -> str:
    """A name. Raises `Invalid`."""
    return clean(text, field, NAME_LENGTH)


def item_note(text: str | None, field: str) -> str | None:
    """A note, which may have several lines. Raises `Invalid`."""
    return None if text is None else clean(text, field, NOTE_LENGTH, multiline=True)


def label(text: str | None, field: str) -> str | None:
    """A category, a store or a unit. Raises `Invalid`."""
    return None if text is None else clean(text, field, LABEL_LENGTH)


def quantity(number: Decimal, unit: str | None, field: str) -> Quantity:
    """A number of units, or of pieces without one. Raises `Invalid`."""
    made = make_quantity(number, unit)
    if made is None:
        raise Invalid(f"{field} must be above 0 and at most 100 billion.", field=field)
    return made


def price(amount: Decimal | None, field: str) -> Decimal | None:
    """A price, to the cent. Raises `Invalid`."""
    if amount is None:
        return None
    if not amount.is_finite() or not 0 <= amount <= LARGEST_PRICE:
        raise Invalid(f"{field} must be between 0 and {LARGEST_PRICE:,}.", field=field)
    return amount.quantize(Decimal("0.01"))


def repetition(days: int | None, field: str) -> int | None:
    """After how many days an item comes back. Raises `Invalid`."""
    if days is not None and not 1 <= days <= 3650:
        raise Invalid(f"{field} must be between 1 and 3650 days.", field=field)
    return days


def assignee(name: str | None, field: str, members: Sequence[Member]) -> UUID | None:
    """The member of that name. Raises `NotFound` with the members as candidates."""
    if name is None:
        return None
    found = [member for member in members if fold(member.name) == fold(name)]
    if len(found) != 1:
        message = f"{field} must be the name of one member of the household."
        raise NotFound(message, field=field, candidates=[member.name for member in members])
    return found[0].person_id
