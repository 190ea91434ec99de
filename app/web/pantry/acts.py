"""What the forms of the pantry do, by the use cases that the tools call as well."""

from decimal import Decimal
from typing import Final

from app.errors import Ambiguous, AppError, Invalid
from app.households.tenant import Tenant
from app.lists.items.add import NewItem, add_items
from app.lists.models import Changed, event_ref
from app.lists.pantry.update import PantryEntry, update_pantry
from app.quantities import Quantity
from app.text import plain_number, printable
from app.ui.amounts import quantity_text
from app.ui.forms import Fields
from app.web.kitchen import chosen_list, day_in
from app.web.lists.said import Done, Said, raise_refusal
from app.web.pantry.words import evidence_of

_SEPARATOR: Final = "|"


def thing_to_put(name: str, quantity: Quantity | None) -> str:
    """Return what a button that puts a thing on a list sends."""
    number, unit = ("", "") if quantity is None else (f"{quantity.shown:f}", quantity.unit_word or "")
    return _SEPARATOR.join((number, unit, name))


async def put_on_list(tenant: Tenant, fields: Fields) -> Changed:
    """Put the thing in the field `put` on the list in the field `list`."""
    number, _, rest = fields.one("put").partition(_SEPARATOR)
    unit, _, name = rest.partition(_SEPARATOR)
    quantity = _number(number) if number else None
    item = NewItem(name=name, quantity=quantity, unit=unit if unit and quantity is not None else None)
    changed = await add_items(tenant, [item], await chosen_list(tenant, fields), "merge", all_or_nothing=False)
    raise_refusal(changed)
    return changed


async def say(tenant: Tenant, fields: Fields) -> Done:
    """Note that the thing in the field `name` is there, or with `out` in the field `do` that it is used up."""
    is_out = fields.one("do") == "out"
    amount, has_end = fields.one("amount").strip(), bool(fields.one("expires").strip())
    entry = PantryEntry(
        fields.one("name"),
        have=not is_out,
        amount=None if is_out else amount or None,
        expires=day_in(fields, "expires") if has_end and not is_out else None,
    )
    updated = await update_pantry(tenant, [entry])
    (result,) = updated.results
    if isinstance(result.result, AppError):
        raise _told(result.result)
    left = result.result.left
    said = Said("noted", result.result.name, "" if left is None else quantity_text(left), evidence_of(result.result))
    return Done([said], None if updated.event_no is None else event_ref(updated.event_no))


def _told(error: AppError) -> AppError:
    """Return a refusal that names what people see, not the arguments of a tool."""
    field = (error.field or "").rpartition(".")[2]
    if isinstance(error, Ambiguous):
        names = ", ".join(printable(each) for each in error.candidates[:5])
        return Invalid(
            "This may be one of several things: {names}. Write the whole name.", values={"names": names}, field=field
        )
    if field == "amount":
        return Invalid("Write an amount such as 500 g or 2 packs.", field="amount")
    if field == "name":
        return Invalid("Write the name of a thing, in at most 200 characters.", field="name")
    return error


def _number(text: str) -> Decimal:
    number = plain_number(text)
    if number is None:
        raise Invalid("{text} is not a number: write 2, 0.5 or 1,5.", values={"text": printable(text[:40])})
    return number
