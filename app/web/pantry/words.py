"""Why something is probably at home, and why it is suggested, in the language of the visit."""

from datetime import date

from app.lists.pantry.holdings import Holding
from app.lists.suggestions.models import Suggestion
from app.ui.amounts import quantity_text
from app.ui.dates import day_text, duration_text
from app.ui.languages import gettext


def evidence_of(holding: Holding) -> str:
    """Return the reason for an estimate: `bought 1 kg on 20 Nov 2026, usually lasts 3 weeks`."""
    day = day_text(holding.since)
    if holding.is_out:
        return gettext("said on %(day)s to be used up", day=day)
    words = [gettext("said on %(day)s to be there", day=day)] if holding.said else []
    if holding.quantity is not None:
        amount = quantity_text(holding.quantity)
        words.append(amount if holding.said else gettext("bought %(amount)s on %(day)s", amount=amount, day=day))
    elif not holding.said:
        words.append(gettext("bought on %(day)s", day=day))
    if holding.expires is not None:
        words.append(gettext("keeps until %(day)s", day=day_text(holding.expires)))
    if holding.usual_days is not None:
        words.append(gettext("usually lasts %(time)s", time=duration_text(holding.usual_days)))
    return ", ".join(words)


def reason_for(suggestion: Suggestion) -> str:
    """Return why a thing is suggested: `bought 9 times, every 6 days, last on 20 Nov 2026`."""
    if suggestion.kind == "low_stock" and suggestion.holding is not None:
        return _why_low(suggestion.holding)
    if suggestion.kind == "goes_with" and suggestion.beside is not None:
        return gettext("often bought with %(what)s", what=suggestion.beside)
    last = _last(suggestion.last_bought)
    if suggestion.every_days is None or suggestion.kind == "recent":
        return last
    often = gettext(
        "bought on %(times)s days, every %(every)s",
        times=suggestion.times,
        every=duration_text(suggestion.every_days),
    )
    return f"{often}, {last}"


def _why_low(holding: Holding) -> str:
    if holding.is_out or holding.expires is not None:
        return evidence_of(holding)
    return gettext("probably used up: %(why)s", why=evidence_of(holding))


def _last(day: date | None) -> str:
    return "" if day is None else gettext("last bought on %(day)s", day=day_text(day))
