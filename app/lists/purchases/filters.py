"""Which purchases a question is about, by the names in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.errors import Ambiguous, Invalid, NotFound
from app.households import repository as households
from app.households.finding import named_member
from app.households.tenant import Tenant
from app.lists.items.candidates import CANDIDATES
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH, parse_label
from app.lists.items.repository import items_numbered
from app.lists.items.resolve import ref_number
from app.lists.purchases import filter_repository as repository
from app.lists.purchases.filter_repository import PurchaseFilter
from app.lists.resolve_list import resolve_list
from app.quantities import parse_phrase
from app.quantities.matching import Matcher, loosen, similar
from app.quantities.merge_key import merge_key
from app.runtime.batches import map_in_batches
from app.text import clean, fold

COMPARED: Final = 10_000
"""The most names that are compared with one of which nothing was bought."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which purchases, as a call names them: in `[since, until)`, of an item, at a store, by a member, of a list."""

    since: datetime | None = None
    until: datetime | None = None
    item: str | None = None
    store: str | None = None
    person: str | None = None
    list: str | None = None


async def resolve_filter(tenant: Tenant, wanted: Wanted) -> PurchaseFilter:
    """Return the filter that names mean.

    Raises `Invalid` for an empty period or a text that can't be a name, `NotFound` for what nothing was ever bought
    of or at, and for the person and the list, and `Ambiguous` for a name that fits several; with candidates.
    """
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise Invalid("until must be after since.", field="until")
    person = None
    if wanted.person is not None:
        members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
        person = named_member(members, wanted.person, "person").person_id
    return PurchaseFilter(
        since=wanted.since,
        until=wanted.until,
        name_key=None if wanted.item is None else await _name_key(tenant, wanted.item),
        store_key=None if wanted.store is None else await _store_key(tenant, wanted.store),
        bought_by=person,
        list_id=None if wanted.list is None else (await resolve_list(tenant, wanted.list)).id,
    )


async def _name_key(tenant: Tenant, item: str) -> str:
    text = clean(item, "item", NAME_LENGTH + NOTE_LENGTH)
    number = ref_number(text)
    named = await items_numbered(tenant, [number]) if number is not None else {}
    said = parse_phrase(text).name
    keys = [each.name_key for each in named.values()] or [merge_key(said), merge_key(text)]
    for key in keys:
        if await repository.latest_name(tenant, key) is not None:
            return key
    names = await repository.names_bought(tenant, COMPARED)
    found = await _meant(said, names)
    if len(found) == 1 and not named:
        return found[0]
    return _refuse("item", "Nothing of this name was bought.", found, names, keys[0])


async def _store_key(tenant: Tenant, store: str) -> str:
    said = parse_label(store, "store")
    stores = await repository.stores_bought_at(tenant, COMPARED)
    if fold(said) in stores:
        return fold(said)
    found = await _meant(said, stores)
    return found[0] if len(found) == 1 else _refuse("store", "Nothing was bought there.", found, stores, fold(said))


async def _meant(said: str, names: Mapping[str, str]) -> list[str]:
    """Return the keys of the names that a text means; `app/quantities/matching.py` says how."""
    matcher = Matcher[str]()

    def add(key: str) -> None:
        matcher.add(loosen(names[key]), key)

    await map_in_batches(add, names)
    return matcher.find(loosen(said), CANDIDATES)


def _refuse(field: str, nothing: str, found: list[str], names: Mapping[str, str], key: str) -> str:
    if len(found) > 1:
        message = f"{field} fits several that were bought. Use one of the candidates."
        message = message if field == "item" else f"{field} fits several stores. Use one of the candidates."
        raise Ambiguous(message, field=field, candidates=[names[each] for each in found])
    near = found or similar(key, names, CANDIDATES)
    raise NotFound(nothing, field=field, candidates=[names[each] for each in near])
