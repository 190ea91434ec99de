"""What is probably at home of a thing, and why: from its purchases, and from what was said since. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.lists.pantry.corrections import Correction
from app.lists.pantry.duration import Duration, learn_duration, ratio_to_usual
from app.lists.pantry.histories import History
from app.quantities import Quantity

PROBABLY: Final = 0.5
"""From which confidence on a thing is counted as being at home."""

_DIGITS: Final = 2
"""Of a confidence: more digits would say more than is known."""

_DAYS_OF_A_WEEK: Final = 7
_DAYS_OF_A_MONTH: Final = 30.4
_MOST_IN_DAYS: Final = 13
_MOST_IN_WEEKS: Final = 60
_NEARLY_NOTHING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Holding:
    """What is probably at home of a thing.

    `confidence` is the probability that there is any, from 0 to 1. `quantity` is what was bought, or said, at `since`,
    and `left` what is probably left of it, both None where no amount is known. `said` is whether somebody said so since
    it was bought last, `is_out` whether that it is used up, and `expires` the day until which it keeps, if that was
    said. `usual_days` is how long it usually lasts, where that is known. `evidence` is the reason in words.
    """

    name_key: str
    name: str
    confidence: float
    quantity: Quantity | None
    left: Quantity | None
    since: date
    expires: date | None
    said: bool
    evidence: str
    usual_days: float | None = None
    is_out: bool = False


@dataclass(frozen=True, slots=True)
class Today:
    """The moment for which the pantry is estimated, and the household's time zone, in which it is a day."""

    now: datetime
    zone: ZoneInfo

    @property
    def day(self) -> date:
        """The day in the household."""
        return self.now.astimezone(self.zone).date()

    def day_of(self, moment: datetime) -> date:
        """Return the household's day of a moment."""
        return moment.astimezone(self.zone).date()

    def days_since(self, moment: datetime) -> float:
        """Return the days, and parts of one, since a moment."""
        return max((self.now - moment).total_seconds() / 86_400, 0.0)


def estimate(history: History | None, correction: Correction | None, today: Today) -> Holding:
    """Return what is probably at home of a thing that was bought, or of which something was said, or both.

    What was said is valid until it is bought again.
    """
    if history is not None and (correction is None or correction.said_at < history.last_at):
        return _bought(history, today)
    if correction is None:
        raise ValueError("nothing is known of the thing")
    return _said(history, correction, today) if correction.have else _said_to_be_out(correction, today)


def _bought(history: History, today: Today) -> Holding:
    usual = learn_duration(history)
    duration = usual.times(ratio_to_usual(history.last.quantity, history.usual_quantity))
    age = today.days_since(history.last_at)
    amount = "" if history.last.quantity is None else f"{history.last.quantity} "
    lasts = f", usually lasts {duration_in_words(duration.days)}" if history.times > 1 else ""
    return Holding(
        name_key=history.name_key,
        name=history.name,
        confidence=_rounded(duration.survival(age)),
        quantity=history.last.quantity,
        left=_share_of(history.last.quantity, duration.share_left(age)),
        since=history.last.day,
        expires=None,
        said=False,
        evidence=f"bought {amount}on {day_in_words(history.last.day, today.day)}{lasts}",
        usual_days=duration.days if history.times > 1 else None,
    )


def _said(history: History | None, correction: Correction, today: Today) -> Holding:
    """Estimate what was said to be there: certain at that time, and used up since as it usually is."""
    day = today.day_of(correction.said_at)
    said = f"said on {day_in_words(day, today.day)} to be there"
    amount = "" if correction.quantity is None else f", {correction.quantity}"
    confidence, share = _since_said(history, correction, today)
    if correction.expires is not None:
        has_expired = correction.expires < today.day
        confidence = 0.0 if has_expired else confidence
        verb = "expired" if has_expired else "expires"
        amount += f", {verb} on {day_in_words(correction.expires, today.day)}"
    usual_days = None
    if history is not None and history.times > 1:
        usual_days = learn_duration(history).days
        amount += f", usually lasts {duration_in_words(usual_days)}"
    quantity = correction.quantity or (None if history is None else history.last.quantity)
    return Holding(
        name_key=correction.name_key,
        name=correction.name,
        confidence=_rounded(confidence),
        quantity=correction.quantity,
        left=None if confidence == 0 else _share_of(quantity, share),
        since=day,
        expires=correction.expires,
        said=True,
        evidence=f"{said}{amount}",
        usual_days=usual_days,
    )


def _since_said(history: History | None, correction: Correction, today: Today) -> tuple[float, float]:
    """Return the probability that something is left, and the share that probably is."""
    age = today.days_since(correction.said_at)
    usual = learn_duration(history)
    if history is None or correction.quantity is not None:
        usual_quantity = None if history is None else history.usual_quantity
        duration = usual.times(ratio_to_usual(correction.quantity, usual_quantity))
        return duration.survival(age), duration.share_left(age)
    duration = usual.times(ratio_to_usual(history.last.quantity, history.usual_quantity))
    when_said = (correction.said_at - history.last_at).total_seconds() / 86_400
    then, now = duration.survival(when_said), duration.survival(when_said + age)
    if then < _NEARLY_NOTHING:  # it lasts far longer than ever before, so nothing is known of how long
        return _unknown().survival(age), 0.0
    return min(now / then, 1.0), duration.share_left(when_said + age) / then


def _unknown() -> Duration:
    return learn_duration(None)


def _said_to_be_out(correction: Correction, today: Today) -> Holding:
    day = today.day_of(correction.said_at)
    return Holding(
        name_key=correction.name_key,
        name=correction.name,
        confidence=0.0,
        quantity=None,
        left=None,
        since=day,
        expires=None,
        said=True,
        evidence=f"said on {day_in_words(day, today.day)} to be used up",
        is_out=True,
    )


def day_in_words(day: date, today: date) -> str:
    """Return a day as people write it, with the year if that is another one: `20 Nov`."""
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


def duration_in_words(days: float) -> str:
    """Return how long something lasts: `9 days`, `3 weeks`, `4 months`."""
    if round(days) <= _MOST_IN_DAYS:
        return _number_of(days, "day")
    if days <= _MOST_IN_WEEKS:
        return _number_of(days / _DAYS_OF_A_WEEK, "week")
    return _number_of(days / _DAYS_OF_A_MONTH, "month")


def _number_of(number: float, unit: str) -> str:
    whole = max(round(number), 1)
    return f"{whole} {unit}{'' if whole == 1 else 's'}"


def _rounded(confidence: float) -> float:
    return round(confidence, _DIGITS)


def _share_of(quantity: Quantity | None, share: float) -> Quantity | None:
    """Return a share of an amount, as exactly as it can be known; None where nothing is left."""
    if quantity is None:
        return None
    left = quantity.times(Decimal(share).quantize(Decimal("0.01"), ROUND_HALF_UP))
    return None if left is None else left.in_fitting_unit()
