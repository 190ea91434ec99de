"""Quiet hours and the hour of the letter, also on the days on which clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.alerts.models import QuietHours
from app.alerts.times import next_letter, quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(22 * 60, 7 * 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-29T20:59", None),
        ("2026-11-29T21:00", "2026-11-30T06:00"),
        ("2026-11-30T05:59", "2026-11-30T06:00"),
        ("2026-11-30T06:00", None),
        # The night of spring is an hour shorter, that of autumn an hour longer.
        ("2026-03-28T22:00", "2026-03-29T05:00"),
        ("2026-10-24T21:00", "2026-10-25T06:00"),
    ],
)
def test_a_night_ends_in_the_morning_of_its_zone(now: str, until: str | None) -> None:
    assert quiet_until(at(now), NIGHT, BERLIN) == (None if until is None else at(until))


def test_quiet_hours_at_noon_are_on_one_day() -> None:
    noon = QuietHours(12 * 60, 13 * 60 + 30)
    assert quiet_until(at("2026-11-30T11:15"), noon, BERLIN) == at("2026-11-30T12:30")
    assert quiet_until(at("2026-11-30T10:59"), noon, BERLIN) is None
    assert quiet_until(at("2026-11-30T12:30"), noon, BERLIN) is None
    assert quiet_until(at("2026-11-30T11:15"), None, BERLIN) is None


def test_quiet_hours_end_after_now_when_their_end_comes_twice() -> None:
    early = QuietHours(2 * 60, 2 * 60 + 45)
    assert quiet_until(at("2026-10-25T00:30"), early, BERLIN) == at("2026-10-25T00:45")
    assert quiet_until(at("2026-10-25T01:30"), early, BERLIN) == at("2026-10-25T01:45")


@pytest.mark.parametrize("hour", [0, 2, 3, 7, 23])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Australia/Lord_Howe"])
def test_a_letter_comes_once_on_each_day_of_a_year(hour: int, zone: str) -> None:
    place, sent = ZoneInfo(zone), list[datetime]()
    now = at("2026-01-01T00:00")
    due = next_letter(now, hour, place, None)
    while len(sent) < 365:
        sent.append(due)
        due = next_letter(due + timedelta(seconds=30), hour, place, due)
    days = [each.astimezone(place).date() for each in sent]
    assert days == [days[0] + timedelta(days=number) for number in range(365)]
    hours = {each.astimezone(place).hour for each in sent}
    assert hours <= {hour, hour + 1}


def test_another_hour_brings_no_second_letter_on_a_day() -> None:
    sent = at("2026-11-30T06:00")
    assert next_letter(sent + timedelta(hours=1), 18, BERLIN, sent) == at("2026-12-01T17:00")
    assert next_letter(at("2026-11-30T07:00"), 18, BERLIN, None) == at("2026-11-30T17:00")
