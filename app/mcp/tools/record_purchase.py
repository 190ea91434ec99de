"""The tool `record_purchase`."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from app.households.tenant import Tenant
from app.lists.models import ITEMS_PER_CALL, Changed, Outcome, PurchaseOutcome, RefusedEntry
from app.lists.purchases import record
from app.lists.purchases.receipt_lines import ReceiptEntry
from app.lists.purchases.record import Receipt
from app.lists.purchases.settle import settle_debt
from app.mcp.argument_types import ListOfNames, Number, Time, as_number, in_zone
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import LISTS_WRITE


class ReceiptInput(BaseModel):
    """A line of a receipt in its parts."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    item: str = Field(description="Name or ref")
    price: Number | None = Field(default=None, description="Of the whole line")
    quantity: Number | None = None
    unit: str | None = None


class Arguments(WriteArguments):
    """What was bought, where, when, and who paid."""

    fails_by_entry = True

    items: list[str | ReceiptInput] = Field(
        description="A line each: a text such as `BUTTER 250G 2,49`, or an object",
        min_length=1,
        max_length=ITEMS_PER_CALL,
    )
    store: str | None = Field(default=None, description="Where; the item's or list's store if left out", max_length=400)
    date: Time | None = Field(default=None, description="When; now if left out")
    paid_by: str | None = Field(default=None, description="A member; me if left out", max_length=200)
    paid_to: str | None = Field(
        default=None, description="Settles a debt: member who got money; items are amounts: 20 EUR", max_length=200
    )
    list: ListOfNames = None
    dry_run: bool = Field(default=False, description="Only say what would be matched")


class RecordResult(ChangeResult):
    """What was recorded."""

    total: Annotated[Mapping[str, float | int], WithJsonSchema({"type": "object"})] = Field(description="By currency")

    def in_words(self) -> str:
        """What was done with the lines, and what they cost: `Bought from Groceries: butter. In all 2.49 EUR.`"""
        sums = ", ".join(f"{total:.2f} {currency}" for currency, total in self.total.items())
        return f"{super().in_words()} In all {sums}." if sums else super().in_words()


async def record_purchase(tenant: Tenant, arguments: Arguments) -> RecordResult:
    """Records what a receipt says was bought, with prices. Lines that name an item on the list check it off; what was
    checked off that day gets its price; others are recorded without an item (similar: items that may be meant). A line
    that fits several items changes nothing and has candidates. Show the person a dry_run first. With paid_to it records
    that somebody settled a debt."""
    zone = tenant.membership.zone
    receipt = Receipt(arguments.store, in_zone(arguments.date, zone), arguments.paid_by, arguments.list)
    entries = [_entry(each) for each in arguments.items]
    if arguments.paid_to is None:
        changed = await record.record_purchase(tenant, entries, receipt, dry_run=arguments.dry_run)
    else:
        changed = await settle_debt(tenant, entries, receipt, arguments.paid_to, dry_run=arguments.dry_run)
    result = change_result(changed)
    recorded = RecordResult(**dict(result), total=_totals(changed))
    return recorded.like(result)


def _entry(entry: str | ReceiptInput | RefusedEntry) -> str | ReceiptEntry | RefusedEntry:
    return ReceiptEntry(**dict(entry)) if isinstance(entry, ReceiptInput) else entry


def _totals(changed: Changed) -> dict[str, float | int]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for entry in changed.entries:
        outcome = entry.result
        bought = outcome.bought if isinstance(outcome, Outcome) else None
        if isinstance(outcome, PurchaseOutcome):
            bought = outcome.purchase
        if bought is not None and bought.price is not None:
            totals[bought.currency] += bought.price
    return {currency: as_number(total) for currency, total in totals.items()}


RECORD_PURCHASE = ToolSpec(
    record_purchase,
    Arguments,
    RecordResult,
    title="Record a receipt",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="It checks off and adds purchases, and undo takes both back; a second call records again, unless it "
        "has the same `idempotency_key`.",
    ),
)
