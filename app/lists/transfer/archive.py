"""Reading the archive of a household within bounds: nothing is unpacked to a disk, and no more is read than fits."""

import io
import json
import zlib
from collections.abc import Iterator
from typing import IO, Final, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from pydantic import ValidationError

from app.errors import Invalid
from app.lists.transfer.records import ADDED_LATER, HOUSEHOLD_FILE, SECTIONS, HouseholdRecord, Record, file_of

LONGEST_ARCHIVE: Final = 16 * 1024 * 1024
MOST_FILES: Final = 1_000
LONGEST_CONTENT: Final = 256 * 1024 * 1024
"""Of all files together that are read, unpacked."""

LONGEST_LINE: Final = 1_000_000
LONGEST_SETTINGS: Final = 300_000
MOST_RECORDS: Final = 500_000

_ENCRYPTED: Final = 0x1
_BROKEN: Final = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What the library raises for an archive that is cut off, altered, encrypted or packed by another method."""


class HouseholdArchive:
    """An archive that is open for reading. Its methods may take long: not for the event loop."""

    def __init__(self, file: IO[bytes]) -> None:
        """Open an archive. Raises `Invalid` for one that is none, is too large, or is no export of a household."""
        size = file.seek(0, 2)
        if size > LONGEST_ARCHIVE:
            raise Invalid(f"The archive has {size:,} bytes; {LONGEST_ARCHIVE:,} are the limit.", field="archive")
        try:
            self._zip = ZipFile(file)
            entries = self._zip.infolist()
        except _BROKEN:
            raise Invalid("This is no ZIP archive, or a part of it is missing.", field="archive") from None
        if len(entries) > MOST_FILES:
            raise Invalid(f"The archive has more than {MOST_FILES:,} files.", field="archive")
        self._entries = {entry.filename: entry for entry in entries}
        if len(self._entries) != len(entries):
            raise Invalid("The archive has two files of one name.", field="archive")
        later = {file_of(each) for each in ADDED_LATER} - set(self._entries)
        wanted = {HOUSEHOLD_FILE, *map(file_of, SECTIONS)} - later
        missing = sorted(wanted - set(self._entries))
        if missing:
            raise Invalid(f"This is no export of a household: {', '.join(missing)} missing.", field="archive")
        read = [self._entries[name] for name in wanted]
        if any(entry.flag_bits & _ENCRYPTED or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for entry in read):
            raise Invalid("The archive is encrypted, or packed by a method that isn't known here.", field="archive")
        if sum(entry.file_size for entry in read) > LONGEST_CONTENT:
            raise Invalid(f"Unpacked it has more than {LONGEST_CONTENT:,} bytes.", field="archive")
        self._left = LONGEST_CONTENT
        self._records = 0
        self.settings = self._read_settings()

    def records(self, section: str) -> Iterator[Record]:
        """Yield the records of a section. Raises `Invalid`, naming file, line and reason, at the first fault."""
        name, model = file_of(section), SECTIONS[section]
        if section in ADDED_LATER and name not in self._entries:
            return
        for number, line in enumerate(self._lines(name), start=1):
            self._records += 1
            if self._records > MOST_RECORDS:
                raise Invalid(f"The archive has more than {MOST_RECORDS:,} records.", field="archive")
            try:
                yield model.model_validate_json(line)
            except ValidationError as error:
                raise Invalid(f"{name}, line {number}: {_reason(error)}", field="archive") from None

    def _read_settings(self) -> HouseholdRecord:
        try:
            with self._zip.open(self._entries[HOUSEHOLD_FILE]) as member:
                text = member.read(LONGEST_SETTINGS + 1)
        except _BROKEN:
            raise _unreadable(HOUSEHOLD_FILE) from None
        if len(text) > LONGEST_SETTINGS:
            raise Invalid(f"{HOUSEHOLD_FILE} has more than {LONGEST_SETTINGS:,} bytes.", field="archive")
        try:
            return HouseholdRecord.model_validate_json(text)
        except ValidationError as error:
            raise Invalid(f"{HOUSEHOLD_FILE}: {_reason(error)}", field="archive") from None

    def _lines(self, name: str) -> Iterator[bytes]:
        try:
            # A member of an archive by itself reads a line with a limit byte by byte.
            with io.BufferedReader(cast("io.RawIOBase", self._zip.open(self._entries[name]))) as member:
                while line := member.readline(LONGEST_LINE + 1):
                    self._left -= len(line)  # what an entry says of its size proves nothing
                    if len(line) > LONGEST_LINE or self._left < 0:
                        raise Invalid(f"{name} has a line of more than {LONGEST_LINE:,} bytes.", field="archive")
                    yield line
        except _BROKEN:
            raise _unreadable(name) from None


def _unreadable(name: str) -> Invalid:
    return Invalid(f"{name} can't be read: the archive was altered, or a part of it is missing.", field="archive")


def _reason(error: ValidationError) -> str:
    first = json.loads(error.json(include_input=False, include_url=False))[0]
    place = ".".join(map(str, first["loc"]))
    words = first["msg"].removeprefix("Value error, ")
    return f"{place}: {words}" if place else words
