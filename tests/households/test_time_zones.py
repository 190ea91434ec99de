"""Time zones: which one a browser suggests, and what a stored name becomes."""

from zoneinfo import ZoneInfo

import pytest

from app.households.time_zones import suggested_zone, zone_names, zone_of


@pytest.mark.parametrize(
    ("accept_language", "zone"),
    [
        ("de-DE,de;q=0.9,en-US;q=0.8", "Europe/Berlin"),
        ("en;q=0.5, fr-CH", "Europe/Zurich"),
        ("zh-Hant-TW", "Asia/Taipei"),
        ("es-419,es;q=0.9", "UTC"),
        ("de", "UTC"),
        ("", "UTC"),
        ("xx-QQ", "UTC"),
        ("a" * 100_000, "UTC"),
    ],
)
def test_the_country_of_a_browsers_language_suggests_a_zone(accept_language: str, zone: str) -> None:
    assert suggested_zone(accept_language) == zone


def test_every_name_that_is_offered_is_a_zone_and_utc_comes_first() -> None:
    assert zone_names()[0] == "UTC"
    assert {"Europe/Berlin", "America/New_York"} <= set(zone_names())
    assert all(zone_of(name).key == name for name in zone_names())


@pytest.mark.parametrize("name", ["", "Nowhere/At_All", "../../etc/passwd", "/etc/localtime", "a\0b"])
def test_a_name_that_is_none_is_utc(name: str) -> None:
    assert zone_of(name) == ZoneInfo("UTC")
