"""Importing items: the data are read and checked outside of any transaction, then stored in one."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread

from app.errors import AppError, Unavailable
from app.households import repository as households
from app.households.models import Member
from app.households.tenant import Tenant
from app.limits.concurrency import Slots, take
from app.limits.defaults import IMPORTS
from app.lists.history.event_recorder import record_items, rev_after
from app.lists.importing.models import (
    Document,
    Entry,
    Fault,
    Faults,
    Format,
    ImportRefused,
    LeftOut,
    Remarks,
    Unreadable,
)
from app.lists.importing.reading import read_document
from app.lists.importing.rows import STEP, RowReader
from app.lists.items.add import refusal_of, without_past_day
from app.lists.items.add_repository import find_for_add
from app.lists.items.fields import ParsedItem, parse_assignee
from app.lists.items.merging import Impossible, Planner
from app.lists.models import ITEMS_PER_LIST, OnDuplicate, Outcome, ShoppingList
from app.lists.repository import Clock
from app.runtime.turns import Report, map_in_turns

Done = TypeVar("Done")

RETRY_SECONDS: Final = 5
REPORT_SECONDS: Final = 1
"""How long a client may take to receive a report while the household's writers wait."""

_slots: Final = Slots(IMPORTS)


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
    format: Format
    rows: int
    counts: Mapping[str, int]
    faults: Remarks
    repairs: Remarks
    left_out: Mapping[LeftOut, int]
    event_no: int | None


async def read_data(data: str, form: Format | None, options: Options, report: Report) -> ReadData:
    """Read and check data, in a thread.

    Raises `ImportRefused` for data that can't be read, or that have faults or need repairs which the options don't
    allow, `Invalid` for too many characters or none, and `Unavailable` while others' data take too long.
    """
    try:
        document = await _in_thread(read_document, data, form)
        reader, rows = RowReader(document), len(document.rows)
        for start in range(0, rows, STEP):
            await report(start, 2 * rows, f"{start:,} of {rows:,} rows read")
            await _in_thread(reader.read, start)
        document.faults.extend(await _in_thread(document.locate, reader.faults))
    except Unreadable as unreadable:
        raise _unreadable(unreadable) from None
    _refuse(document.faults, document.repairs, options)
    return ReadData(document, reader)


async def _in_thread(work: Callable[..., Done], *arguments: Any) -> Done:
    """Return the result of work that takes long, in a thread; there is one at a time, so others wait."""
    try:
        turn = await take(_slots.of(), seconds=IMPORTS.seconds)
    except TimeoutError:
        message = "Another import is running, so nothing was imported. Try again shortly."
        raise Unavailable(message, retry_after=RETRY_SECONDS) from None
    with turn:
        return await anyio.to_thread.run_sync(work, *arguments)


async def _place(work: Callable[..., Done], *arguments: Any) -> Done:
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
    tenant: Tenant, read: ReadData, list_name: str | None, on_duplicate: OnDuplicate, options: Options, report: Report
) -> Imported:
    """Store what was read on a list, all or nothing, and record it as one call.

    Rows that find no room on the list, or name nobody, are faults as well. Raises `NotFound` for the list, and
    `ImportRefused` for faults that the options don't allow.

    The household's writers wait meanwhile, so this waits for nobody: not for other imports, and not for long for a
    client that doesn't read what is reported to it.
    """
    document, entries, faults = read.document, read.reader.entries, Faults()
    found, on = await find_for_add(tenant, list_name, {each.item.name_key for each in entries}, ITEMS_PER_LIST)
    clock = found.clock
    await _check_currency(tenant, read, on)
    members: Sequence[Member] = ()
    if read.reader.names_members:
        members = await households.members_of(tenant.connection, tenant.household_id, tenant.actor.person_id)
    alike = await map_in_turns(partial(without_past_day, today=clock.now.date()), found.alike)
    planner = Planner(alike, on.id, clock.next_item, on.room, in_order=True)

    def plan(entry: Entry) -> str:
        try:
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
        with anyio.move_on_after(REPORT_SECONDS):
            await report(rows + start, 2 * rows, f"{start:,} of {len(entries):,} rows placed")
        await asyncio.sleep(0)  # others' turn, also where nobody asked for reports
        counts.update(await map_in_turns(plan, entries[start : start + STEP]))
    if faults.count:
        document.faults.extend(await _place(document.locate, faults))
        _refuse(document.faults, document.repairs, options)
    changes = planner.plan.changes.values()
    event_no = None if options.dry_run else await record_items(tenant, "import_items", clock, changes)
    return Imported(
        list=on,
        rev=rev_after(clock, [on], event_no),
        format=document.format,
        rows=rows,
        counts={status: number for status, number in counts.items() if number},
        faults=document.faults,
        repairs=document.repairs,
        left_out={what: number for what, number in document.left_out.items() if number},
        event_no=event_no,
    )


def _item_of(entry: Entry, members: Sequence[Member], tenant: Tenant, clock: Clock) -> ParsedItem:
    item = entry.item
    if entry.assignee is not None:
        item = replace(item, assignee_id=parse_assignee(entry.assignee, "assignee", members))
    if not entry.is_checked:
        return without_past_day(item, clock.now.date())
    return replace(item, checked_at=entry.checked_at or clock.now, checked_by=tenant.actor.person_id)


def _impossible(reason: Impossible) -> str:
    return refusal_of(reason, "the quantity" if reason == "too_much" else "list").message


async def _check_currency(tenant: Tenant, read: ReadData, on: ShoppingList) -> None:
    """Raise `ImportRefused` for prices that would count as those of another currency."""
    named, here = read.document.currency, on.currency or tenant.membership.currency
    if named is None or named == here or not read.reader.has_prices:
        return
    place = await _place(read.document.currency_place)
    faults = Remarks()
    faults.add(place, f"the prices are in another currency than the list's, {here}; save_list sets it", "currency")
    raise ImportRefused("Nothing was imported: prices would be in another currency.", faults, Remarks())
