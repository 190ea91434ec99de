"""When something may be said: quiet hours, and the hour of the daily letter. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.alerts.models import QuietHours


def quiet_until(now: datetime, quiet: QuietHours | None, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours end that it is in now; None outside of them."""
    if quiet is None:
        return None
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if quiet.start < quiet.end:
        is_quiet = quiet.start <= minute < quiet.end
    else:
        is_quiet = minute >= quiet.start or minute < quiet.end
    if not is_quiet:
        return None
    day = local.date() if minute < quiet.end else local.date() + timedelta(days=1)
    end = _moment(day, quiet.end, zone)
    # When clocks go back, that time comes twice.
    return end if end > now else _moment(day, quiet.end, zone, fold=1)


def next_letter(now: datetime, hour: int, zone: ZoneInfo, last: datetime | None) -> datetime:
    """Return when the next letter is due: at that hour, once on each day of the zone, whatever the clocks do."""
    day = now.astimezone(zone).date()
    if _moment(day, hour * 60, zone) <= now or (last is not None and last.astimezone(zone).date() >= day):
        day += timedelta(days=1)
    return _moment(day, hour * 60, zone)


def _moment(day: date, minute: int, zone: ZoneInfo, fold: int = 0) -> datetime:
    """Return a minute of a day. One that is left out when clocks go forward is as long after midnight as without."""
    return datetime.combine(day, time(minute // 60, minute % 60, fold=fold), zone).astimezone(UTC)
