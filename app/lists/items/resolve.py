"""Finding the items that a call names: by ref (`i12`), or by name on a list, with a note where lines share a name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from app.errors import Ambiguous, AppError, NotFound
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import repository
from app.lists.items.candidates import CANDIDATES, candidates_for, label_of
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH, Item, ParsedItem, fold_notes
from app.lists.items.repository import ItemSituation
from app.lists.models import LINES_LOOKED_AT, ShoppingList
from app.lists.resolve_list import resolve_list
from app.quantities import parse_phrase
from app.quantities.merge_key import merge_key
from app.runtime.batches import map_texts
from app.text import clean

State = Literal["open", "checked"]

_REF: Final = re.compile(r"[Ii](\d{1,9})")
_LINE_ENDS_OR_TABS: Final = re.compile(r"[\n\r\t]")


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
    parsed = await map_texts(
        lambda each: _parse(each[1], field.format(each[0])), [*enumerate(names)], lambda each: len(each[1])
    )
    usable = [each for each in parsed if isinstance(each, _Name)]
    needs_list = list_name is not None or any(each.number is None for each in usable)
    named_list = await resolve_list(tenant, list_name) if needs_list else None
    keys = {key for each in usable for key in (each.key, each.parts.name_key)}
    numbers = {each.number for each in usable if each.number is not None}
    found = await repository.find_items(tenant, numbers, named_list and named_list.id, keys)
    if any(each.parts.note is not None for each in usable):
        await fold_notes(found)
    among = _Among(found, named_list, anywhere=list_name is None)
    items = [_pick(each, among, prefer) if isinstance(each, _Name) else each for each in parsed]
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
    if parsed.parts.note is not None:
        await fold_notes(found.found)
    item = _pick(parsed, _Among(found.found, found.on, anywhere=False), prefer)
    return None if isinstance(item, AppError) else (item, found)


def ref_number(text: str) -> int | None:
    """Return the number of a text that may be an item's ref: 12 for `i12`; None for any other text."""
    ref = _REF.fullmatch(text)
    return None if ref is None else int(ref[1])


def _parse(name: str, field: str) -> _Name | AppError:
    try:
        text = clean(_in_one_line(name), field, NAME_LENGTH + NOTE_LENGTH)
    except AppError as refusal:
        return refusal
    number = ref_number(text)
    phrase = parse_phrase(text)
    parts = ParsedItem(phrase.name, quantity=phrase.quantity, note=phrase.note)
    return _Name(field, number, merge_key(text), parts)


def _in_one_line(name: str) -> str:
    """Return a name that was broken into lines, or copied with the end of its line, with spaces for them."""
    return " ".join(name.split()) if _LINE_ENDS_OR_TABS.search(name) is not None else name


class _Among:
    """The items that were found, by number and by folded name: a call may have many names, and each of them many lines.

    Names are those on the list `on`; refs, with `anywhere`, those on every list.
    """

    def __init__(self, found: Iterable[Item], on: ShoppingList | None, *, anywhere: bool) -> None:
        self.on = on
        self.by_number: dict[int, Item] = {}
        self.by_name: dict[str, list[Item]] = {}
        for item in found:
            is_there = on is not None and item.list_id == on.id
            if anywhere or is_there:
                self.by_number[item.no] = item
            if is_there:
                self.by_name.setdefault(item.name_key, []).append(item)


def _pick(name: _Name, among: _Among, prefer: State) -> Item | AppError:
    if name.number is not None and (by_ref := among.by_number.get(name.number)) is not None:
        return by_ref
    alike = among.by_name.get(name.parts.name_key, [])
    matches = among.by_name.get(name.key) or [
        item for item in alike if name.parts.note is None or item.note_key == name.parts.note_key
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
    if len(alike) >= LINES_LOOKED_AT:
        message = f"{name.field} has more lines than are looked at, and none of them fits. Use the ref of an item."
        return NotFound(message, field=name.field)
    where = f"on {among.on.ref}" if among.on is not None else "in this household"
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
