"""Importing items: the data are read and checked outside of any transaction, then stored in one."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import anyio.to_thread

from app.errors import AppError, Invalid, Unavailable
from app.households import repository as households
from app.households.models import Member
from app.households.tenant import Tenant
from app.limits.concurrency import Slots, take
from app.limits.defaults import IMPORT_QUEUE, IMPORT_QUEUE_OF_PERSON, IMPORTS, IMPORTS_OF_PERSON
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.importing.models import (
    MOST_SHOWN,
    Document,
    Entry,
    Fault,
    Faults,
    Format,
    ImportRefused,
    LeftOut,
    Location,
    Product,
    Remark,
    Remarks,
    Unreadable,
)
from app.lists.importing.purchases import PurchasePlanner
from app.lists.importing.read_document import read_document, refuse_too_long
from app.lists.importing.rows import RowReader
from app.lists.items.add import refusal_of, without_past_day
from app.lists.items.add_repository import find_for_add
from app.lists.items.fields import ParsedItem, parse_assignee
from app.lists.items.merging import Impossible, Planner
from app.lists.models import ITEMS_PER_LIST, OnDuplicate, Outcome, ShoppingList
from app.lists.repository import Clock
from app.lists.save_recipe import RecipeSettings, save_recipe
from app.recipes.parsing import parse_recipe_lines
from app.runtime.batches import map_in_batches
from app.runtime.progress import STEP, Note

Done = TypeVar("Done")

RETRY_SECONDS: Final = 5

ROWS_OF_CALL: Final = 100
"""So many rows count as one call: as many items as add_items takes."""

CHARACTERS_OF_CALL: Final = 20_000
"""So many characters count as one call, if that is more calls than the rows."""

Count = Callable[[int], Awaitable[None]]
"""Counts calls beyond the first against the limits of the caller. Raises `LimitReached`."""

_slots: Final = Slots(IMPORTS)
_of_people: Final = Slots(IMPORTS_OF_PERSON)
_queues_of_people: Final = Slots(IMPORT_QUEUE_OF_PERSON)
_queue: Final = Slots(IMPORT_QUEUE)


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller wants: rows with faults left out (`skip`), repairs accepted, nothing stored (`dry_run`)."""

    skip: bool
    accept_repairs: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class ReadData:
    """Data that were read and checked. The document's faults are those of the rows, too."""

    document: Document
    reader: RowReader


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or with a dry run would do; `event_no` is None when nothing was stored."""

    list: ShoppingList
    rev: int
    format: Format | Product
    rows: int
    counts: Mapping[str, int]
    faults: Remarks
    repairs: Remarks
    left_out: Mapping[LeftOut, int]
    event_no: int | None
    first_event_no: int | None = None


async def read_data(
    data: str, form: Format | None, options: Options, person_id: UUID, count: Count, note: Note
) -> ReadData:
    """Read and check data, in a thread, when it is the person's turn.

    Raises `ImportRefused` for data that can't be read, or that have faults or need repairs which the options don't
    allow, `Invalid` for too many characters or none, `LimitReached` for more than the caller may send in a minute, and
    `Unavailable` while data take too long, the person's own or others'.
    """
    refuse_too_long(data)
    by_length = (len(data) - 1) // CHARACTERS_OF_CALL
    if by_length > 0:
        await count(by_length)
    with await _admitted(person_id):
        try:
            document = await _in_thread(read_document, data, form)
            reader, rows = RowReader(document), len(document.rows)
            if (more := (rows - 1) // ROWS_OF_CALL - by_length) > 0:
                await count(more)
            for start in range(0, rows, STEP):
                note(start, 2 * rows, f"{start:,} of {rows:,} rows read")
                await _in_thread(reader.read, start)
            document.faults.extend(await _in_thread(document.locate, reader.faults))
        except Unreadable as unreadable:
            raise _unreadable(unreadable) from None
    _refuse(document.faults, document.repairs, options)
    return ReadData(document, reader)


async def _admitted(person_id: UUID) -> ExitStack:
    """Wait until no other import of the person is being read; the stack is closed when this one is read.

    Only then it joins those of other people: who sends many stands in that queue once. Raises `Unavailable`.
    """
    with ExitStack() as admitted:
        try:
            for slots, limit in (
                (_queues_of_people.of(person_id), IMPORT_QUEUE_OF_PERSON),
                (_of_people.of(person_id), IMPORTS_OF_PERSON),
                (_queue.of(), IMPORT_QUEUE),
            ):
                admitted.enter_context(await take(slots, seconds=limit.seconds))
        except TimeoutError:
            raise _try_again() from None
        return admitted.pop_all()


def _try_again() -> Unavailable:
    return Unavailable(
        "Other imports are running, so nothing was imported. Try again shortly.", retry_after=RETRY_SECONDS
    )


async def _in_thread(work: Callable[..., Done], *arguments: Any) -> Done:
    """Return the result of work that takes long, in a thread; there is one at a time, so others wait.

    They take turns: who was served stands behind all who wait.
    """
    try:
        turn = await take(_slots.of(), seconds=IMPORTS.seconds)
    except TimeoutError:
        raise _try_again() from None
    with turn:
        return await anyio.to_thread.run_sync(work, *arguments)


async def _locate(work: Callable[..., Done], *arguments: Any) -> Done:
    """Return where something is in the data; it may show only now that they can't be read to their end."""
    try:
        return await anyio.to_thread.run_sync(work, *arguments)
    except Unreadable as unreadable:
        raise _unreadable(unreadable) from None


def _unreadable(unreadable: Unreadable) -> ImportRefused:
    message = "Nothing was imported: the data can't be read. The fault says where and why."
    return ImportRefused(message, Remarks([unreadable.remark], 1), Remarks())


def _refuse(faults: Remarks, repairs: Remarks, options: Options) -> None:
    """Raise `ImportRefused` if there are faults or repairs that the options don't allow."""
    if options.dry_run:
        return
    refused: list[str] = []
    if faults.count and not options.skip:
        refused.append(f"Faults: {faults.count}; on_error=skip imports the rest.")
    if repairs.count and not options.accept_repairs:
        refused.append(f"Repairs needed: {repairs.count}; repairs=apply accepts them.")
    if refused:
        raise ImportRefused(f"Nothing was imported. {' '.join(refused)}", faults, repairs)


async def store_data(
    tenant: Tenant, read: ReadData, list_name: str | None, on_duplicate: OnDuplicate, options: Options, note: Note
) -> Imported:
    """Store what was read on a list, all or nothing, and record it as one call.

    Rows that find no room on the list, or name nobody, are faults as well. Raises `NotFound` for the list, and
    `ImportRefused` for faults that the options don't allow.

    The household's writers wait meanwhile, so this waits for nobody: not for other imports, and not for a client that
    doesn't read what is reported to it.
    """
    document, entries, faults = read.document, read.reader.entries, Faults()
    found, on = await find_for_add(
        tenant, list_name, {each.item.name_key for each in entries if each.bought_on is None}, ITEMS_PER_LIST
    )
    clock = found.clock
    await _check_currency(tenant, read, on)
    members: Sequence[Member] = ()
    if read.reader.names_members:
        members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    alike = await map_in_batches(partial(without_past_day, today=tenant.membership.day_of(clock.now)), found.alike)
    planner = Planner(alike, on.id, clock.next_item, on.room, in_order=True)
    purchases = PurchasePlanner(tenant, on, clock)
    if on_duplicate != "separate":
        await purchases.read_recorded(entries)

    def plan(entry: Entry) -> str:
        try:
            if entry.bought_on is not None:
                return purchases.add(entry, entry.bought_on)
            outcome = planner.add(_item_of(entry, members, tenant, clock), on_duplicate)
        except AppError as refusal:
            faults.add(Fault(entry.row, refusal.message, refusal.field))
            return "failed"
        if isinstance(outcome, Outcome):
            return outcome.status
        faults.add(Fault(entry.row, _impossible(outcome)))
        return "failed"

    counts = Counter({"failed": read.reader.failed})
    rows = len(document.rows)
    for start in range(0, len(entries), STEP):
        note(rows + start, 2 * rows, f"{start:,} of {len(entries):,} rows planned")
        await asyncio.sleep(0)  # a pause for others, and for who sends the note
        counts.update(await map_in_batches(plan, entries[start : start + STEP]))
    if faults.count:
        document.faults.extend(await _locate(document.locate, faults))
        _refuse(document.faults, document.repairs, options)
    changes = planner.plan.changes.values()
    event_no = None
    if not options.dry_run:
        event_no = await record_items(
            tenant, "import_items", clock, changes, others=purchases.changes, about=on.id if purchases.changes else None
        )
    recipes = await _store_recipes(tenant, document, options)
    counts["recipes"] = len(document.recipes) - recipes.failed
    counts["failed"] += recipes.failed
    return Imported(
        list=on,
        rev=rev_after(clock, [on], event_no),
        format=document.format,
        rows=rows,
        counts={status: number for status, number in counts.items() if number},
        faults=document.faults,
        repairs=document.repairs,
        left_out={what: number for what, number in document.left_out.items() if number},
        event_no=recipes.last_event_no or event_no,
        first_event_no=event_no or recipes.first_event_no,
    )


@dataclass(slots=True)
class _StoredRecipes:
    """How many recipes could not be stored, and the events of the others."""

    failed: int = 0
    first_event_no: int | None = None
    last_event_no: int | None = None


async def _store_recipes(tenant: Tenant, document: Document, options: Options) -> _StoredRecipes:
    """Store the recipes, each as a call of its own, so that an undo can take back one. What can't be stored is a fault
    as with items: raises `ImportRefused`, which takes back the items too."""
    stored, faults = _StoredRecipes(), Remarks()
    for each in document.recipes:
        try:
            if not isinstance(each.name, str):
                raise Invalid("the recipe has no name", field="name")
            lines = [line for line in each.lines if line]
            settings = RecipeSettings(name=each.name, servings=each.servings, items=lines)
            if options.dry_run:
                parse_recipe_lines([(line, "items") for line in lines], "items")
                continue
            event_no = (await save_recipe(tenant, None, settings)).event_no
            stored.first_event_no, stored.last_event_no = stored.first_event_no or event_no, event_no
        except AppError as refusal:
            stored.failed += 1
            location = await _locate(each.location) if stored.failed <= MOST_SHOWN else Location(1, 1)
            faults.add(Remark(location, f"recipe: {refusal.message}", refusal.field))
    document.faults.extend(faults)
    if faults.count:
        _refuse(document.faults, document.repairs, options)
    return stored


def _item_of(entry: Entry, members: Sequence[Member], tenant: Tenant, clock: Clock) -> ParsedItem:
    item = entry.item
    if entry.assignee is not None:
        item = replace(item, assignee_id=parse_assignee(entry.assignee, "assignee", members))
    if not entry.is_checked:
        return without_past_day(item, tenant.membership.day_of(clock.now))
    return replace(item, checked_at=entry.checked_at or clock.now, checked_by=tenant.actor.person_id)


def _impossible(reason: Impossible) -> str:
    return refusal_of(reason, "the quantity" if reason == "too_much" else "list").message


async def _check_currency(tenant: Tenant, read: ReadData, on: ShoppingList) -> None:
    """Raise `ImportRefused` for prices that would count as those of another currency."""
    named, here = read.document.currency, on.currency or tenant.membership.currency
    if named is None or named == here or not read.reader.has_prices:
        return
    location = await _locate(read.document.currency_location)
    faults = Remarks()
    faults.add(
        Remark(location, f"the prices are in another currency than the list's, {here}; save_list sets it", "currency")
    )
    raise ImportRefused("Nothing was imported: prices would be in another currency.", faults, Remarks())
