"""What the page of a household's history shows, as the address or a form asks for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from app.db import transaction
from app.errors import Invalid
from app.households.guest_repository import links_of
from app.households.guests import as_members
from app.households.models import Member
from app.households.repository import members_of
from app.lists.history.queries import History, Request, read_history
from app.lists.models import event_ref
from app.lists.provenance_repository import read_grants
from app.oauth.grants.connected_apps_repository import find_apps_of_household, names_of_apps
from app.ui.paths import ACTIVITY
from app.web.context import WebContext
from app.web.lists.content import LONGEST_CURSOR, Event
from app.web.lists.visit import HOUSEHOLD, PAGE, Visit

CHANGES: Final = 30

IN_BROWSER: Final = " pages"
"""Stands for these pages among the apps: no app has it for a name, since names begin with no space."""

LONGEST_NAME: Final = 400

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the history: of a day, a person, an app by its name, or one connection of it."""

    day: date | None = None
    person: UUID | None = None
    app: str = ""
    grant: UUID | None = None
    cursor: str = ""

    def fields(self) -> Mapping[str, str]:
        """Return what an address or a form says for it; nothing for what is left out."""
        known = {
            "day": "" if self.day is None else self.day.isoformat(),
            "person": "" if self.person is None else str(self.person),
            "app": self.app,
            "grant": "" if self.grant is None else str(self.grant),
            "cursor": self.cursor,
        }
        return {name: value for name, value in known.items() if value}

    def address(self, household: str, cursor: str = "") -> str:
        """Return the address of the page that shows it, from `cursor` on."""
        return f"{ACTIVITY}?{urlencode({HOUSEHOLD: household, **replace(self, cursor=cursor).fields()})}"


def asked_from(value_of: Callable[[str], str]) -> Asked:
    """Return what the parameters of an address, or the fields of a form, ask for. What is asked for wrongly is as if it
    were left out."""
    return Asked(
        _or_none(_day, value_of("day")),
        _or_none(UUID, value_of("person")),
        value_of("app").replace("\0", "")[:LONGEST_NAME],
        _or_none(UUID, value_of("grant")),
        value_of("cursor")[:LONGEST_CURSOR],
    )


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on a day of the household, newest first."""

    day: date
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Activity:
    """A page of the history, what it can be narrowed to, and where the next page starts.

    `connection` is the name of the app whose one connection is shown.
    """

    asked: Asked
    days: Sequence[Day]
    next_cursor: str | None
    people: Sequence[Member]
    apps: Sequence[str]
    connection: str | None


async def read_activity(web: WebContext, visit: Visit, asked: Asked) -> Activity:
    """Return a page of what happened; the first one where a cursor is of no use any more."""
    zone, household_id = visit.membership.zone, visit.membership.household_id
    async with transaction(web.kit.engine) as connection:
        members = await members_of(connection, household_id)
        guests = as_members(await links_of(connection, household_id, web.kit.clock()))
        apps = await find_apps_of_household(connection, household_id)
    request = Request(limit=CHANGES, person_id=asked.person)
    if asked.day is not None:
        request = replace(
            request, since=_midnight(asked.day, zone), until=_midnight(asked.day + timedelta(days=1), zone)
        )
    if asked.grant is not None:
        request = replace(request, grants=[asked.grant])
    elif asked.app == IN_BROWSER:
        request = replace(request, client_id=PAGE)
    elif asked.app:
        request = replace(request, grants=apps.get(asked.app, []))
    async with visit.household(web, write=False).open(write=False) as tenant:
        try:
            history = await read_history(tenant, replace(request, cursor=asked.cursor or None))
        except Invalid:
            asked, history = replace(asked, cursor=""), await read_history(tenant, request)
        grants = await read_grants(tenant, [each.entry.event.no for each in history.happenings])
    async with transaction(web.kit.engine) as connection:
        names = await names_of_apps(connection, set(grants.values()))
    of_connection = next((name for name, ids in apps.items() if asked.grant in ids), "")
    return Activity(
        asked,
        _days(history, grants, names, zone),
        history.next_cursor,
        [*members, *guests],
        sorted(apps, key=str.casefold),
        of_connection if asked.grant is not None else None,
    )


def _days(history: History, grants: Mapping[int, UUID], names: Mapping[UUID, str], zone: tzinfo) -> list[Day]:
    events = [
        Event(each, event_ref(each.entry.event.no), names.get(grants[each.entry.event.no]))
        for each in history.happenings
        if each.entry.event.no in grants
    ]
    by_day = groupby(events, key=lambda each: each.happening.entry.event.at.astimezone(zone).date())
    return [Day(day, list(of_day)) for day, of_day in by_day]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 2000 <= day.year < 2200:
        raise ValueError("nothing happened then")
    return day


def _or_none(parse: Callable[[str], Value], text: str) -> Value | None:
    try:
        return parse(text)
    except ValueError:
        return None
