"""Finding the items that a call names: by ref (`i12`), or by name on a list, with a note where lines share a name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from app.errors import Ambiguous, AppError, NotFound
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import repository
from app.lists.items.candidates import CANDIDATES, candidates_for, label_of
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH, Item, ParsedItem, fold_notes
from app.lists.items.repository import ItemSituation, NameOnList
from app.lists.models import LINES_LOOKED_AT, RefusedEntry, ShoppingList, name_of
from app.lists.resolve_list import resolve_list
from app.quantities import parse_phrase
from app.quantities.matching import Matcher, loosen, split_label
from app.quantities.merge_key import merge_key
from app.runtime.batches import map_in_batches, map_texts
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
    """One entry, cleaned: its number if it may be a ref, the keys of the whole text and of the name in it, and the
    text's parts.

    In a candidate that was copied, such as `2 kg flour (i3)`, the parts are those before the ref: `labelled`.
    """

    field: str
    number: int | None
    key: str
    name_key: str
    parts: ParsedItem
    labelled: bool = False


async def resolve_items(
    tenant: Tenant,
    names: Sequence[str | RefusedEntry],
    list_name: str | None,
    *,
    prefer: State = "open",
    field: str = "items[{}]",
) -> Resolved:
    """Find the items that `names` name; `field` is the argument that they came in, with a place for the number.

    A ref is valid for any list of the household, unless a list is named; a name is looked up on the named or else the
    default list, first among items in the preferred state. `milk (lactose free)` is the line with that note; an amount
    only tells lines of one name apart. What is no item's name means the one item that `app/quantities/matching.py`
    finds.
    Raises `NotFound` for the list; an entry that can't be resolved has its refusal in its place.
    """
    parsed = await map_texts(
        lambda each: _parse(each[1], field.format(each[0])), [*enumerate(names)], lambda each: len(name_of(each[1]))
    )
    usable = [each for each in parsed if isinstance(each, _Name)]
    needs_list = list_name is not None or any(each.number is None or each.labelled for each in usable)
    named_list = await resolve_list(tenant, list_name) if needs_list else None
    keys = {key for each in usable for key in (each.key, each.name_key)}
    numbers = {each.number for each in usable if each.number is not None}
    found = await repository.find_items(tenant, numbers, named_list and named_list.id, keys)
    if any(each.parts.note is not None for each in usable):
        await fold_notes(found)
    among = _Among(found, named_list, anywhere=list_name is None)
    items = [_pick(each, among, prefer) if isinstance(each, _Name) else each for each in parsed]
    unknown = {
        number: name
        for number, (each, name) in enumerate(zip(items, parsed, strict=True))
        if isinstance(each, NotFound) and isinstance(name, _Name) and not among.has_too_many(name)
    }
    if named_list is not None and unknown:
        of_default_list = list_name is None
        resembling = await _resembling(tenant, named_list, unknown, prefer, look_elsewhere=of_default_list)
        for number, item in resembling.items():
            items[number] = item
    return Resolved(named_list, items)


async def _resembling(
    tenant: Tenant, on: ShoppingList, unknown: Mapping[int, _Name], prefer: State, *, look_elsewhere: bool
) -> dict[int, Item | AppError]:
    """Return the items that names mean which no item has, or refusals with candidates. With `look_elsewhere`, an item
    of exactly that name on another list may be meant as well."""
    elsewhere = {name.name_key for name in unknown.values()} if look_elsewhere else set[str]()
    elsewhere = await repository.names_elsewhere(tenant, on.id, elsewhere) if elsewhere else elsewhere
    preferred, others = Matcher[str](), Matcher[str]()

    def add(each: NameOnList) -> None:
        matcher = preferred if each.is_open == (prefer == "open") else others
        matcher.add(loosen(each.name), each.name_key)

    await map_in_batches(add, await repository.names_on(tenant, on.id))

    def find(name: _Name) -> list[str]:
        if name.name_key in elsewhere:
            return []
        said = loosen(name.parts.name)
        return list(dict.fromkeys(preferred.find(said, CANDIDATES) or others.find(said, CANDIDATES)))

    meant = dict(zip(unknown, await map_in_batches(find, [*unknown.values()]), strict=True))
    found = await repository.find_items(tenant, (), on.id, {key for keys in meant.values() for key in keys})
    await fold_notes(found)
    among = _Among(found, on, anywhere=False)
    items = {number: _pick_one_of(unknown[number], keys, among, prefer) for number, keys in meant.items() if keys}
    left = {number: name for number, name in unknown.items() if not isinstance(items.get(number), Item | Ambiguous)}
    candidates = await candidates_for(tenant, on, {name.name_key for name in left.values()}) if left else {}
    return {**items, **{number: _not_found(name, on, candidates[name.name_key]) for number, name in left.items()}}


def _pick_one_of(name: _Name, keys: Sequence[str], among: "_Among", prefer: State) -> Item | AppError:
    """Return the item that a name means, which is part of the names with these keys."""
    if len(keys) == 1:
        return _pick(replace(name, number=None, key="", name_key=keys[0]), among, prefer)
    matches = [item for key in keys for item in _preferred(among.by_name.get(key, []), prefer)]
    return _fits_several(name, matches)


async def resolve_item_alone(
    household: ProvenHousehold, name: str | RefusedEntry, list_name: str | None, *, prefer: State = "open", field: str
) -> tuple[Item, ItemSituation] | None:
    """Find the item that `resolve_items` finds for one name, in one message, and what it stands beside.

    None where it isn't found on the named or else the default list, or not it alone.
    """
    parsed = _parse(name, field)
    if isinstance(parsed, AppError):
        return None
    is_ref_only = parsed.number is not None and list_name is None and not parsed.labelled
    keys = () if is_ref_only else {parsed.key, parsed.name_key}
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


def _parse(name: str | RefusedEntry, field: str) -> _Name | AppError:
    if isinstance(name, RefusedEntry):
        return name.refusal
    try:
        text = clean(_in_one_line(name), field, NAME_LENGTH + NOTE_LENGTH)
    except AppError as refusal:
        return refusal
    number, labelled = ref_number(text), False
    if number is None and text.endswith(")") and (label := split_label(text)) is not None:
        number, labelled = ref_number(label[1]), True
        text = label[0] if number is not None else text
    phrase = parse_phrase(text)
    parts = ParsedItem(phrase.name, quantity=phrase.quantity, note=phrase.note)
    return _Name(field, number, merge_key(text), parts.name_key, parts, labelled and number is not None)


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

    def has_too_many(self, name: _Name) -> bool:
        """Whether there are more lines of a name than are looked at."""
        return len(self.by_name.get(name.name_key, ())) >= LINES_LOOKED_AT


def _pick(name: _Name, among: _Among, prefer: State) -> Item | AppError:
    by_ref = among.by_number.get(name.number) if name.number is not None else None
    if by_ref is not None and (not name.labelled or by_ref.name_key in (name.name_key, name.key)):
        return by_ref
    alike = among.by_name.get(name.name_key, [])
    matches = among.by_name.get(name.key) or [
        item for item in alike if name.parts.note is None or item.note_key == name.parts.note_key
    ]
    matches = _preferred(matches, prefer)
    if len(matches) > 1:
        matches = _of_that_amount(matches, name.parts) or matches
    if len(matches) == 1:
        return matches[0]
    if matches:
        return _fits_several(name, matches)
    if among.has_too_many(name):
        message = f"{name.field} has more lines than are looked at, and none of them fits. Use the ref of an item."
        return NotFound(message, field=name.field)
    return _not_found(name, among.on, ())


def _preferred(items: Sequence[Item], prefer: State) -> Sequence[Item]:
    """Return the items in the preferred state, or all if there are none."""
    return [item for item in items if (item.checked_at is None) == (prefer == "open")] or items


def _fits_several(name: _Name, items: Sequence[Item]) -> Ambiguous:
    message = f"{name.field} fits several lines. Use the ref of one of the candidates."
    options = {item.ref: label_of(item) for item in items[:CANDIDATES]}
    return Ambiguous(message, field=name.field, options=options, name=name.parts.name)


def _not_found(name: _Name, on: ShoppingList | None, candidates: Sequence[str]) -> NotFound:
    where = f"on {on.ref}" if on is not None else "in this household"
    message = f"{name.field} is not an item {where}. list_items shows what is there."
    if len(candidates) == 1 and (near := split_label(candidates[0])) is not None:
        message = f"{name.field} is not an item {where}, but one resembles it: if that is meant, give {near[1]}."
    return NotFound(message, field=name.field, candidates=candidates)


def _of_that_amount(items: Sequence[Item], named: ParsedItem) -> list[Item]:
    """Return the lines that have the named amount, else those of its measure."""
    if named.quantity is None:
        return []
    alike = [item for item in items if item.measure == named.quantity.measure]
    return [item for item in alike if item.quantity and item.quantity.amount == named.quantity.amount] or alike
