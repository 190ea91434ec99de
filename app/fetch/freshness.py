"""How long a response may be cached (RFC 9111)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.request import parse_http_list

import httpx2

NONE: Final = timedelta(0)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_MOST_DIGITS: Final = 10


def lifetime_of(headers: httpx2.Headers, now: datetime) -> timedelta:
    """Return the freshness lifetime in the headers (RFC 9111 section 4.2.1, for a shared cache); zero if none."""
    directives = dict(_directive(each) for each in parse_http_list(headers.get("cache-control", "")))
    if directives.keys() & {"no-store", "no-cache", "private"}:
        return NONE
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return max(NONE, _seconds(directives[name]) - _seconds(headers.get("age", "0")))
    if "expires" not in headers:
        return NONE
    return max(NONE, _moment(headers["expires"], _LONG_AGO) - _moment(headers.get("date", ""), now))


def _directive(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _seconds(text: str) -> timedelta:
    """Parse delta-seconds: zero if it isn't a number; one too large counts as very long (section 1.2.2)."""
    if not (text.isascii() and text.isdigit()):
        return NONE
    return timedelta(seconds=int(text[:_MOST_DIGITS]))


def _moment(text: str, otherwise: datetime) -> datetime:
    """Parse an HTTP date as UTC, whatever zone it names; return `otherwise` if it isn't a date, such as `0`."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the latter for a year or a zone out of range
        return otherwise
