"""Generated histories of purchases, stored as they are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from app.db import Engine, new_id
from app.households.tenant import open_for_service
from app.lists.models import Purchase
from app.lists.purchases.repository import insert_purchases
from app.quantities import make_quantity
from app.quantities.merge_key import merge_key

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STORES = ("Depot", "Corner shop", "Market", "Café Œuvre", None)
CURRENCIES = ("EUR", "EUR", "EUR", "CHF")
CATEGORIES = ("Dairy", "dairy", "Bakery", None)
AMOUNTS = ((None, None), (1, None), (3, None), (500, "g"), (1, "kg"), (Decimal("1.5"), "l"), (2, "bottle"))
_SYLLABLES = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru")
_AT_ONCE = 10_000


def name_of(number: int) -> str:
    """A name that no rule of plurals touches: `Bade kuno`."""
    digits = f"{number:04}"
    return "".join(_SYLLABLES[int(digit)] for digit in digits).capitalize() + " x"


def make_history(random: Random, number: int, names: int, people: Sequence[UUID], days: int = 900) -> list[Purchase]:
    """Purchases of common and of rare things, several at the same moment, up to `NOW`."""
    purchases: list[Purchase] = []
    at = NOW
    for _ in range(number):
        if random.random() < 0.7:
            at = NOW - timedelta(seconds=random.randrange(days * 86_400))
        amount, unit = random.choice(AMOUNTS)
        name = name_of(int(names * random.random() ** 2))
        purchases.append(
            Purchase(
                id=new_id(),
                item_id=None,
                name=name if random.random() < 0.9 else name.upper(),
                name_key=merge_key(name),
                quantity=None if amount is None else make_quantity(Decimal(amount), unit),
                price=None if random.random() < 0.1 else Decimal(random.randrange(10_000)) / 100,
                currency=random.choice(CURRENCIES),
                store=random.choice(STORES),
                bought_at=at,
                bought_by=random.choice(people),
                category=random.choice(CATEGORIES),
                paid_by=random.choice((None, None, *people)),
            )
        )
    return purchases


async def store(engine: Engine, household_id: UUID, purchases: Sequence[Purchase]) -> None:
    """Store purchases of a household."""
    for start in range(0, len(purchases), _AT_ONCE):
        async with open_for_service(engine, household_id, write=True) as tenant:
            await insert_purchases(tenant, 0, purchases[start : start + _AT_ONCE])
