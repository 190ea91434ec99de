"""How long an answer may be kept."""

from datetime import UTC, datetime

import httpx2
import pytest

from app.fetch.freshness import lifetime_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], 0),
        ([("Cache-Control", "max-age=600")], 600),
        ([("Cache-Control", "public, MAX-AGE=600")], 600),
        ([("Cache-Control", 'max-age="600"')], 600),
        ([("Cache-Control", 'ext="a, max-age=1", max-age=600')], 600),
        ([("Cache-Control", "public"), ("Cache-Control", "max-age=600")], 600),
        ([("Cache-Control", "max-age=600, s-maxage=60")], 60),
        ([("Cache-Control", "max-age=600"), ("Age", "100")], 500),
        ([("Cache-Control", "max-age=600"), ("Age", "1000")], 0),
        ([("Cache-Control", "max-age=600"), ("Age", "x")], 600),
        ([("Cache-Control", "max-age=600, no-store")], 0),
        ([("Cache-Control", "no-cache, max-age=600")], 0),
        ([("Cache-Control", "max-age=-1")], 0),
        ([("Cache-Control", "max-age=²")], 0),
        ([("Cache-Control", "max-age=" + "9" * 5000)], 9_999_999_999),
        ([("Expires", "Sat, 21 Nov 2026 12:10:00 GMT"), ("Date", DATE)], 600),
        ([("Expires", "Sat, 21 Nov 2026 12:10:00 GMT")], 600),
        ([("Expires", "Sat, 21 Nov 2026 11:00:00 GMT"), ("Date", DATE)], 0),
        ([("Expires", "0"), ("Date", DATE)], 0),
        ([("Expires", "Mon, 01 Jan 99999999999 00:00:00 GMT")], 0),
        ([("Expires", "Sat, 21 Nov 2026 12:10:00 +9999999999999999")], 0),
        ([("Expires", "Sat, 21 Nov 2026 12:10:00 GMT"), ("Date", "Mon, 01 Jan 99999999999 00:00:00 GMT")], 600),
        ([("Expires", "Sat, 21 Nov 2026 12:10:00 GMT"), ("Cache-Control", "max-age=60")], 60),
    ],
)
def test_the_lifetime_is_what_the_headers_say(headers: list[tuple[str, str]], seconds: int) -> None:
    encoded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
    assert lifetime_of(httpx2.Headers(encoded), NOW).total_seconds() == seconds
