"""Finding the items that a call names: by ref (`i12`), or by name on a list, with a note where lines share a name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from app.errors import Ambiguous, AppError, NotFound
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import repository
from app.lists.items.candidates import CANDIDATES, candidates_for, label_of
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH, Item, ParsedItem
from app.lists.items.repository import ItemSituation
from app.lists.models import ShoppingList
from app.lists.resolve_list import resolve_list
from app.quantities import parse_phrase
from app.quantities.merge_key import merge_key
from app.text import clean

State = Literal["open", "checked"]

_REF: Final = re.compile(r"[Ii](\d{1,9})")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The items that the entries of a call name, in their order; a refusal where there is none.

    `on` is the list that names were looked up on; None when every entry is a ref and no list was named.
    """

    on: ShoppingList | None
    items: Sequence[Item | AppError]

    def found(self) -> list[Item]:
        """Return the items that were found."""
        return [each for each in self.items if isinstance(each, Item)]


@dataclass(frozen=True, slots=True)
class _Name:
    """One entry, cleaned: its number if it may be a ref, the key of the whole text, and the text's parts."""

    field: str
    number: int | None
    key: str
    parts: ParsedItem


async def resolve_items(
    tenant: Tenant, names: Sequence[str], list_name: str | None, *, prefer: State = "open", field: str = "items[{}]"
) -> Resolved:
    """Find the items that `names` name; `field` is the argument that they came in, with a place for the number.

    A ref is valid for any list of the household, unless a list is named; a name is looked up on the named or else the
    default list, first among items in the preferred state. `milk (lactose free)` is the line with that note; an amount
    only tells lines of one name apart.
    Raises `NotFound` for the list; an entry that can't be resolved has its refusal in its place.
    """
    parsed = [_parse(name, field.format(number)) for number, name in enumerate(names)]
    usable = [each for each in parsed if isinstance(each, _Name)]
    needs_list = list_name is not None or any(each.number is None for each in usable)
    named_list = await resolve_list(tenant, list_name) if needs_list else None
    keys = {key for each in usable for key in (each.key, each.parts.name_key)}
    numbers = {each.number for each in usable if each.number is not None}
    found = await repository.find_items(tenant, numbers, named_list and named_list.id, keys)
    only_there = named_list if list_name is not None else None
    items = [_pick(each, found, named_list, only_there, prefer) if isinstance(each, _Name) else each for each in parsed]
    unknown = {
        name.parts.name_key
        for each, name in zip(items, parsed, strict=True)
        if isinstance(each, NotFound) and isinstance(name, _Name)
    }
    if named_list is not None and unknown:
        candidates = await candidates_for(tenant, named_list, unknown)
        items = [_with_candidates(each, name, candidates) for each, name in zip(items, parsed, strict=True)]
    return Resolved(named_list, items)


async def resolve_item_alone(
    household: ProvenHousehold, name: str, list_name: str | None, *, prefer: State = "open", field: str
) -> tuple[Item, ItemSituation] | None:
    """Find the item that `resolve_items` finds for one name, in one message, and what it stands beside.

    None where it isn't found on the named or else the default list, or not it alone.
    """
    parsed = _parse(name, field)
    if isinstance(parsed, AppError):
        return None
    is_ref_only = parsed.number is not None and list_name is None
    keys = () if is_ref_only else {parsed.key, parsed.parts.name_key}
    found = await repository.find_items_alone(household, list_name, parsed.number, keys)
    if found is None:
        return None
    item = _pick(parsed, found.found, found.on, found.on, prefer)
    return None if isinstance(item, AppError) else (item, found)


def ref_number(text: str) -> int | None:
    """Return the number of a text that may be an item's ref: 12 for `i12`; None for any other text."""
    ref = _REF.fullmatch(text)
    return None if ref is None else int(ref[1])


def _parse(name: str, field: str) -> _Name | AppError:
    try:
        text = clean(name, field, NAME_LENGTH + NOTE_LENGTH)
    except AppError as refusal:
        return refusal
    number = ref_number(text)
    phrase = parse_phrase(text)
    parts = ParsedItem(phrase.name, quantity=phrase.quantity, note=phrase.note)
    return _Name(field, number, merge_key(text), parts)


def _pick(
    name: _Name, found: Sequence[Item], named_list: ShoppingList | None, only_there: ShoppingList | None, prefer: State
) -> Item | AppError:
    if name.number is not None:
        by_ref = next((item for item in found if item.no == name.number), None)
        if by_ref is not None and (only_there is None or by_ref.list_id == only_there.id):
            return by_ref
    on_list = [item for item in found if named_list is not None and item.list_id == named_list.id]
    matches = [item for item in on_list if item.name_key == name.key] or [
        item
        for item in on_list
        if item.name_key == name.parts.name_key and (name.parts.note is None or item.note_key == name.parts.note_key)
    ]
    preferred = [item for item in matches if (item.checked_at is None) == (prefer == "open")]
    matches = preferred or matches
    if len(matches) > 1:
        matches = _of_that_amount(matches, name.parts) or matches
    if len(matches) == 1:
        return matches[0]
    if matches:
        message = f"{name.field} fits several lines. Use the ref of one of the candidates."
        options = {item.ref: label_of(item) for item in matches[:CANDIDATES]}
        return Ambiguous(message, field=name.field, options=options, name=name.parts.name)
    where = f"on {named_list.ref}" if named_list is not None else "in this household"
    return NotFound(f"{name.field} is not an item {where}. list_items shows what is there.", field=name.field)


def _of_that_amount(items: Sequence[Item], named: ParsedItem) -> list[Item]:
    """Return the lines that have the named amount, else those of its measure."""
    if named.quantity is None:
        return []
    alike = [item for item in items if item.measure == named.quantity.measure]
    return [item for item in alike if item.quantity and item.quantity.amount == named.quantity.amount] or alike


def _with_candidates(
    result: Item | AppError, name: _Name | AppError, candidates: Mapping[str, Sequence[str]]
) -> Item | AppError:
    if not isinstance(result, NotFound) or not isinstance(name, _Name):
        return result
    return NotFound(result.message, field=result.field, candidates=candidates[name.parts.name_key])
