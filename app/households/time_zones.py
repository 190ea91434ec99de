"""Time zones of households: names of the IANA database, such as `Europe/Berlin`, and which one a browser suggests."""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError, available_timezones

UTC_NAME: Final = "UTC"

_REGIONS: Final = (
    *("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/"),
    *("Australia/", "Europe/", "Indian/", "Pacific/"),
)
_COUNTRY: Final = re.compile(r"\b[A-Za-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})\b")
"""A language tag with a country (RFC 5646): `de-DE`, `zh-Hant-TW`."""

_LONGEST: Final = 1_000


@cache
def zone_names() -> Sequence[str]:
    """Return the names that may be chosen, UTC first."""
    return [UTC_NAME, *sorted(name for name in available_timezones() if name.startswith(_REGIONS))]


def zone_of(name: str) -> ZoneInfo:
    """Return a stored time zone; UTC where this machine doesn't know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(UTC_NAME)


def suggested_zone(accept_language: str) -> str:
    """Return the first time zone of the first country in a browser's languages (RFC 9110, Accept-Language); UTC where
    there is none. A page without scripts learns no more, so the person is shown it and may choose another."""
    country = _COUNTRY.search(accept_language[:_LONGEST])
    return UTC_NAME if country is None else _zones_of_countries().get(country[1].upper(), UTC_NAME)


@cache
def _zones_of_countries() -> Mapping[str, str]:
    """Return the first zone of each country, from the table that comes with the time zone database."""
    table = next((path for path in (Path(each, "zone.tab") for each in TZPATH) if path.is_file()), None)
    if table is None:
        return {}
    known, zones = set(zone_names()), dict[str, str]()
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t"):
            if row[2] in known:
                zones.setdefault(row[0], row[2])
    return zones
