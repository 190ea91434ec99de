"""What might be put on a list: what is due, running low, goes with what is there, or is bought often or was lately."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from app.households.tenant import Tenant
from app.lists.models import ShoppingList
from app.lists.pantry.histories import History
from app.lists.pantry.history_repository import read_histories
from app.lists.pantry.holdings import PROBABLY, Holding, Today, day_in_words
from app.lists.pantry.read import read_all_holdings, read_today
from app.lists.resolve_list import ALL_LISTS, resolve_list
from app.lists.suggestions.models import Companion, OpenName, Suggestion, SuggestionKind, suggestion_of
from app.lists.suggestions.repository import companions_of, open_among, open_names
from app.lists.suggestions.rhythm import (
    Rhythm,
    ago_in_words,
    days_since,
    is_due,
    is_given_up,
    rhythm_of,
    times_in_words,
)
from app.runtime.batches import map_in_batches

MOST_SUGGESTIONS: Final = 50

_FEWEST_TIMES: Final = 3
"""Days of purchases from which on a thing is bought often, or missed when it is used up."""

_LOW: Final = 0.3
"""Below which confidence a thing is probably used up."""

_EXPIRES_SOON: Final = timedelta(days=3)
_STILL_MISSED: Final = timedelta(days=60)
"""How long a thing that was said to be used up, or has expired, is suggested."""

_EXPIRING: Final = 0.9


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known when suggestions are made: things and their rhythms, what is at home, and what goes together."""

    today: Today
    things: Sequence[tuple[History, Rhythm | None]]
    holdings: Mapping[str, Holding]
    seeds: Mapping[str, OpenName]
    companions: Sequence[Companion]


async def suggest(
    tenant: Tenant, list_name: str | None, kind: SuggestionKind | None, limit: int
) -> tuple[ShoppingList | None, Sequence[Suggestion]]:
    """Return the default or the named list, and suggestions for it, the best first: of one kind, or of all, each thing
    once. Nothing that is open on a list in use is suggested.

    For a list that is named, only what was bought from it counts. What goes together goes with what is open on the
    list. Raises `NotFound` for the list.
    """
    on = None if list_name == ALL_LISTS else await resolve_list(tenant, list_name)
    only_from = on.id if on is not None and list_name is not None else None
    today = await read_today(tenant)
    histories = await read_histories(tenant, today.now, only_from)
    holdings = await read_all_holdings(tenant, histories, today)
    if only_from is not None:
        bought = {each.name_key for each in histories}
        holdings = {name_key: each for name_key, each in holdings.items() if name_key in bought}
    seeds = await open_names(tenant, on.id) if on is not None and kind in (None, "goes_with") else ()
    companions = await companions_of(tenant, today.now, [each.name_key for each in seeds])
    taken = await open_among(tenant, {*holdings, *(each.name_key for each in histories)})
    free = [each for each in histories if each.name_key not in taken]
    rhythms = await map_in_batches(rhythm_of, free)
    known = _Known(
        today,
        [*zip(free, rhythms, strict=True)],
        {name_key: each for name_key, each in holdings.items() if name_key not in taken},
        {each.name_key: each for each in seeds},
        companions,
    )
    found = _best(known, limit) if kind is None else _ordered(_MADE_BY[kind](known))
    return on, found[:limit]


def _best(known: _Known, limit: int) -> list[Suggestion]:
    """Return what is missing, due or goes with the list, each thing once; then what is bought often and probably isn't
    at home."""
    best: dict[str, Suggestion] = {}
    for each in _ordered([*_low_stock(known), *_due(known), *_goes_with(known)]):
        best.setdefault(each.name_key, each)
    if len(best) < limit:
        for each in _ordered(_frequent(known)):
            if not _is_at_home(known, each.name_key):
                best.setdefault(each.name_key, each)
    return [*best.values()]


def _ordered(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    return sorted(suggestions, key=lambda each: (-each.score, each.name_key))


def _is_at_home(known: _Known, name_key: str) -> bool:
    holding = known.holdings.get(name_key)
    return holding is not None and holding.confidence >= PROBABLY


def _was_said_to_be_there(known: _Known, name_key: str) -> bool:
    holding = known.holdings.get(name_key)
    return holding is not None and holding.said and holding.confidence >= PROBABLY


def _frequent(known: _Known) -> list[Suggestion]:
    most = max((history.times for history, _ in known.things), default=1)
    return [
        suggestion_of(
            history,
            "frequent",
            times_in_words(history, rhythm, known.today.day),
            history.times / most,
            None if rhythm is None else rhythm.every_days,
        )
        for history, rhythm in known.things
        if history.times >= _FEWEST_TIMES
    ]


def _due(known: _Known) -> list[Suggestion]:
    return [
        suggestion_of(
            history, "due", times_in_words(history, rhythm, known.today.day), rhythm.regularity, rhythm.every_days
        )
        for history, rhythm in known.things
        if rhythm is not None
        and is_due(history, rhythm, known.today.day)
        and not _was_said_to_be_there(known, history.name_key)
    ]


def _recent(known: _Known) -> list[Suggestion]:
    return [
        suggestion_of(
            history,
            "recent",
            f"last bought {ago_in_words(days_since(history, known.today.day))}",
            1 / (1 + known.today.days_since(history.last_at)),
            None if rhythm is None else rhythm.every_days,
        )
        for history, rhythm in known.things
    ]


def _goes_with(known: _Known) -> list[Suggestion]:
    things = {history.name_key: (history, rhythm) for history, rhythm in known.things}
    best: dict[str, Suggestion] = {}
    for each in known.companions:
        if each.name_key in things and each.name_key not in best and each.gain > 0:
            history, rhythm = things[each.name_key]
            seed = known.seeds[each.seed].name
            reason = f"bought with {seed} on {each.together} of {each.seed_days} days"
            every_days = None if rhythm is None else rhythm.every_days
            made = suggestion_of(history, "goes_with", reason, each.gain, every_days)
            best[each.name_key] = replace(made, beside=seed)
    return [each for each in best.values() if not _was_said_to_be_there(known, each.name_key)]


def _low_stock(known: _Known) -> list[Suggestion]:
    things = {history.name_key: (history, rhythm) for history, rhythm in known.things}
    found: list[Suggestion] = []
    for name_key, holding in known.holdings.items():
        history, rhythm = things.get(name_key, (None, None))
        why = _why_low(known.today, holding, history, rhythm)
        if why is None:
            continue
        score, reason = why
        if history is not None:
            every_days = None if rhythm is None else rhythm.every_days
            made = suggestion_of(history, "low_stock", reason, score, every_days)
        else:
            made = Suggestion(name_key, holding.name, "low_stock", reason, score, None, None, None, None)
        found.append(replace(made, holding=holding))
    return found


def _why_low(
    today: Today, holding: Holding, history: History | None, rhythm: Rhythm | None
) -> tuple[float, str] | None:
    """Return how surely a thing is missing or will be, and why; None if it isn't, or nobody misses it."""
    if holding.expires is not None and holding.expires <= today.day + _EXPIRES_SOON:
        if holding.expires < today.day - _STILL_MISSED:
            return None
        verb = "expired" if holding.expires < today.day else "expires"
        return _EXPIRING, f"{verb} on {day_in_words(holding.expires, today.day)}"
    if holding.said and holding.confidence == 0:
        return None if holding.since < today.day - _STILL_MISSED else (1.0, holding.evidence)
    if history is None or rhythm is None or history.times < _FEWEST_TIMES:
        return None
    if holding.confidence >= _LOW or is_given_up(history, rhythm, today.day):
        return None
    return (1 - holding.confidence) * rhythm.regularity, f"probably used up: {holding.evidence}"


_MADE_BY: Final[Mapping[SuggestionKind, Callable[[_Known], list[Suggestion]]]] = {
    "frequent": _frequent,
    "due": _due,
    "goes_with": _goes_with,
    "recent": _recent,
    "low_stock": _low_stock,
}
