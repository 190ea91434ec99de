"""Writing a whole household into an archive."""

import json
from contextlib import ExitStack, aclosing
from itertools import groupby
from operator import itemgetter
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from app.errors import Unavailable
from app.households.tenant import Tenant
from app.limits.concurrency import Slots, take
from app.limits.defaults import HOUSEHOLD_EXPORTS
from app.lists import repository as lists
from app.lists.export import export_list
from app.lists.transfer.records import FORMAT_NAME, FORMAT_VERSION, HOUSEHOLD_FILE, SECTIONS, file_of
from app.lists.transfer.repository import read_household, settings_of
from app.runtime.progress import Note, note_nothing

_WHOLE_LIST: Final = 10**9
"""Bytes of CSV: no list has so many."""

RETRY_SECONDS: Final = 10

_slots: Final = Slots(HOUSEHOLD_EXPORTS)


async def write_household(tenant: Tenant, file: IO[bytes], note: Note = note_nothing) -> int:
    """Write the household as a ZIP archive, and return how many records it has.

    It has `household.json`, a file of JSON lines for each kind of thing, and `lists/L1.csv` for each list, which is for
    spreadsheets. All records are as they were at one time. The same household makes the same bytes.

    Raises `Unavailable` while others export.
    """
    try:
        turn = await take(_slots.of(), seconds=HOUSEHOLD_EXPORTS.seconds)
    except TimeoutError:
        raise Unavailable("Other exports are running. Try again shortly.", retry_after=RETRY_SECONDS) from None
    with turn:
        return await _write(tenant, file, note)


async def _write(tenant: Tenant, file: IO[bytes], note: Note) -> int:
    written = 0
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        settings = {"format": FORMAT_NAME, "version": FORMAT_VERSION, **await settings_of(tenant)}
        archive.writestr(_entry(HOUSEHOLD_FILE), json.dumps(settings, ensure_ascii=False, indent=1))
        missing = list(SECTIONS)
        with ExitStack() as opened:
            section, member = "", None
            async with aclosing(read_household(tenant)) as parts:
                async for part in parts:
                    for name, records in groupby(part, itemgetter(0)):
                        if name != section or member is None:
                            opened.close()
                            section, member = name, opened.enter_context(archive.open(_entry(file_of(name)), "w"))
                            missing.remove(name)
                        member.write("".join(f"{text}\n" for _, text in records).encode())
                    written += len(part)
                    note(written, 0, f"{written:,} records written")
        for name in missing:
            archive.writestr(_entry(file_of(name)), "")
        for each in await lists.all_lists(tenant):
            csv = await export_list(tenant, each.ref, "csv", "all", cursor=None, longest=_WHOLE_LIST, cost=len)
            archive.writestr(_entry(f"lists/{each.ref}.csv"), csv.text)
    return written


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)  # with the earliest date that there is, so that the bytes depend on the household only
    entry.compress_type = ZIP_DEFLATED
    return entry
