"""Time zones: which one a browser suggests, and what a stored name becomes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.db import new_id
from app.households.models import Membership
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


@pytest.mark.parametrize(
    ("name", "day"), [("Pacific/Kiritimati", 30), ("UTC", 29), ("Pacific/Pago_Pago", 28), ("Nowhere/At_All", 29)]
)
def test_a_day_is_that_of_the_households_time_zone(name: str, day: int) -> None:
    membership = Membership(new_id(), "Home", "H1", "owner", "EUR", "de-DE", name)
    assert membership.day_of(datetime(2026, 11, 29, 10, 30, tzinfo=UTC)) == date(2026, 11, day)


def test_today_is_the_day_that_it_is_in_the_time_zone() -> None:
    membership = Membership(new_id(), "Home", "H1", "owner", "EUR", "de-DE", "Pacific/Kiritimati")
    before = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    assert before <= membership.today <= datetime.now(membership.zone).date()
