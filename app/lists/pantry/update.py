"""Correcting the pantry: what people say is there, or isn't, and until when it keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.errors import Ambiguous, AppError, Invalid
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.history.changes import as_json
from app.lists.history.repository import insert_event
from app.lists.items.candidates import CANDIDATES
from app.lists.items.fields import NAME_LENGTH, parse_name
from app.lists.models import RefusedEntry
from app.lists.pantry.correction_repository import find_corrections, save_corrections
from app.lists.pantry.corrections import Correction, CorrectionChange
from app.lists.pantry.history_repository import read_named_histories, read_names
from app.lists.pantry.holdings import Holding, Today, estimate
from app.lists.pantry.read import read_today
from app.quantities import Quantity, parse_phrase
from app.quantities.matching import Matcher, loosen
from app.quantities.merge_key import merge_key
from app.runtime.batches import map_in_batches
from app.text import clean


@dataclass(frozen=True, slots=True)
class PantryEntry:
    """What was said of a thing: whether it is there, how much of it, and the day until which it keeps."""

    name: str
    have: bool = True
    amount: str | None = None
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class PantryResult:
    """One entry as it was sent, and what is at home of the thing now; or why the entry was refused.

    `similar` are other things whose names it may have been short for.
    """

    name: str
    result: Holding | AppError
    similar: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PantryUpdate:
    """What became of each entry, and the event that recorded it; None when nothing was stored."""

    results: Sequence[PantryResult]
    event_no: int | None


async def update_pantry(tenant: Tenant, said: Sequence[PantryEntry | RefusedEntry]) -> PantryUpdate:
    """Store what was said, which counts until the thing is bought again. Of two entries about one thing, the last one
    counts. An entry that can't be used fails alone."""
    today = await read_today(tenant)
    known = await _read_known(tenant, said, today)

    def read(numbered: tuple[int, PantryEntry | RefusedEntry]) -> Correction | AppError:
        number, each = numbered
        if isinstance(each, RefusedEntry):
            return each.refusal
        try:
            return _correction_of(each, f"items[{number}]", known, today)
        except AppError as refusal:
            return refusal

    read_entries = await map_in_batches(read, [*enumerate(said)])
    stored = {each.name_key: each for each in read_entries if isinstance(each, Correction)}
    histories = await read_named_histories(tenant, today.now, stored) if stored else []
    before = await find_corrections(tenant, stored) if stored else {}
    changes = [CorrectionChange(name_key, before.get(name_key), after) for name_key, after in stored.items()]
    event_no = None
    if changes:
        clock = await repository.read_clock(tenant)
        await save_corrections(tenant, clock.rev, changes)
        event_no = await insert_event(tenant, "update_pantry", None, await as_json(changes))
    history_of = {each.name_key: each for each in histories}

    def conclude(entry: tuple[PantryEntry | RefusedEntry, Correction | AppError]) -> PantryResult:
        sent, read = entry
        if isinstance(read, AppError):
            return PantryResult(sent.name, read)
        holding = estimate(history_of.get(read.name_key), stored[read.name_key], today)
        return PantryResult(sent.name, holding, known.similar_to(read.name_key))

    results = await map_in_batches(conclude, [*zip(said, read_entries, strict=True)])
    return PantryUpdate(results, event_no)


def _correction_of(said: PantryEntry, field: str, known: "_Known", today: Today) -> Correction:
    """Return what to store of an entry. Raises `Invalid`, and `Ambiguous` for a name that fits several things."""
    phrase = parse_phrase(clean(said.name, f"{field}.name", NAME_LENGTH))
    name_key, name = known.resolve(parse_name(phrase.name, f"{field}.name"), f"{field}.name")
    quantity = _amount_of(said.amount, f"{field}.amount") if said.amount is not None else phrase.quantity
    if not said.have:
        if said.amount is not None or said.expires is not None:
            message = (
                f"{field}: what isn't there has no amount and doesn't expire. Leave them out, or set have to true."
            )
            raise Invalid(message, field=f"{field}.have")
        quantity = None
    return Correction(name_key, name, said.have, today.now, quantity, said.expires)


def _amount_of(text: str, field: str) -> Quantity:
    cleaned = clean(text, field, NAME_LENGTH)
    phrase = parse_phrase(f"{cleaned} {_ANYTHING}")
    if phrase.quantity is None or phrase.name != _ANYTHING:
        raise Invalid(f"{field} must be an amount such as 500 g or 2 packs.", field=field)
    return phrase.quantity


_ANYTHING: Final = "thing"


@dataclass(frozen=True, slots=True)
class _Known:
    """The things that were bought or spoken of, by folded name, as people wrote them last.

    `matcher` finds them by other words; it is None where every name of the call is known as it stands.
    """

    names: Mapping[str, str]
    matcher: Matcher[str] | None

    def resolve(self, name: str, field: str) -> tuple[str, str]:
        """Return the folded name and the name of the thing that is meant: one of the same name, in other words too,
        else a new one; never one whose name is longer, because butter is no peanut butter. Raises `Ambiguous`."""
        key = merge_key(name)
        if key in self.names:
            return key, self.names[key]
        meant = loosen(name)
        found = [each for each in self._find(name) if loosen(each).keys & meant.keys]
        if len(found) > 1:
            candidates = [self.names[each] for each in found]
            message = f"{field} fits several things that were bought. Use one of the candidates."
            raise Ambiguous(message, field=field, candidates=candidates)
        return (found[0], self.names[found[0]]) if found else (key, name)

    def similar_to(self, name_key: str) -> Sequence[str]:
        """Return the names of things whose names have all words of a new one; nothing of one that is known."""
        return () if name_key in self.names else [self.names[each] for each in self._find(name_key)]

    def _find(self, name: str) -> Sequence[str]:
        return () if self.matcher is None else self.matcher.find(loosen(name), CANDIDATES)


async def _read_known(tenant: Tenant, said: Sequence[PantryEntry | RefusedEntry], today: Today) -> _Known:
    """Return what is known of the names of a call; all names are read only if one of them isn't known as it stands,
    because others wait for this call."""
    keys = {key for each in said if isinstance(each, PantryEntry) and (key := _key_of(each.name)) is not None}
    spoken_of = await find_corrections(tenant, keys) if keys else {}
    bought = await read_named_histories(tenant, today.now, keys) if keys else []
    names = {key: each.name for key, each in spoken_of.items()} | {each.name_key: each.name for each in bought}
    if keys <= names.keys():
        return _Known(names, None)
    names = {key: each.name for key, each in (await find_corrections(tenant)).items()}
    names |= await read_names(tenant, today.now)
    matcher = Matcher[str]()
    await map_in_batches(lambda key: matcher.add(loosen(names[key]), key), names)
    return _Known(names, matcher)


def _key_of(name: str) -> str | None:
    """Return the folded name of a thing; None for a text that is none, which is refused later."""
    try:
        return merge_key(parse_name(parse_phrase(clean(name, "name", NAME_LENGTH)).name, "name"))
    except AppError:
        return None
