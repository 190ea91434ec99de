"""The daily letter: what is on the lists that a person wants in it, what came since the last one, what is due, and what
is planned for the day; written in their language, and sent once a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

import structlog
from pydantic import SecretStr

from app.alerts.changes import AuthorsChanges, read_news
from app.alerts.event_repository import last_event
from app.alerts.settings_repository import DueLetter, claim_letter, find_letter_lists, note_letter
from app.alerts.unsubscribing import unsubscribe_token
from app.db import Engine, transaction
from app.errors import Unavailable
from app.households.models import Membership
from app.households.repository import memberships_of
from app.households.tenant import SERVICE, Actor, open_tenant
from app.lists.history.summaries import in_short
from app.lists.items.fields import PageRow
from app.lists.models import ShoppingList
from app.lists.query_repository import Browse, read_page
from app.lists.repository import lists_with
from app.lists.suggestions.suggest import suggest
from app.recipes.plan_repository import read_plan
from app.runtime.mailer import Email, Mailer
from app.ui.languages import Visit, during
from app.ui.languages import gettext as _
from app.ui.pages import rendered
from app.ui.paths import NOTIFICATIONS, list_path

UNSUBSCRIBE: Final = f"{NOTIFICATIONS}/unsubscribe"
CLAIMED_FOR: Final = timedelta(minutes=10)
MOST_ATTEMPTS: Final = 6
"""After these, ten minutes apart, the next letter is that of the next day."""

MOST_ITEMS: Final = 50
MOST_LISTS: Final = 10
MOST_DISHES: Final = 20
MOST_DUE: Final = 10
NEWS_OF: Final = timedelta(hours=36)
"""How far back a letter looks at most for what was added, when the last one was longer ago or never."""

_log: Final = structlog.stdlib.get_logger("app.alerts")


@dataclass(frozen=True, slots=True)
class LetterItem:
    """A line of a list: a name, and how much of it, if that is known."""

    name: str
    amount: str | None


@dataclass(frozen=True, slots=True)
class LetterList:
    """What a letter says of one list: what is to be bought, how much there is more, and what others have added."""

    name: str
    url: str
    items: Sequence[LetterItem]
    more: int
    added: Sequence[AuthorsChanges]


@dataclass(frozen=True, slots=True)
class LetterHousehold:
    """What a letter says of one household."""

    name: str
    lists: Sequence[LetterList]
    dishes: Sequence[str] = ()
    due: Sequence[str] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is anything to say of it."""
        return bool(self.dishes or self.due or any(each.items or each.added for each in self.lists))


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """What letters are written and sent with."""

    engine: Engine
    mailer: Mailer
    public_url: str
    unsubscribe_key: SecretStr = field(repr=False)


async def send_letters(writer: LetterWriter, now: datetime, limit: int = 20) -> int:
    """Send letters that are due, at most `limit`, and return how many. Several processes may do so at once.

    One that can't be sent is tried again later. Raises `Unavailable`.
    """
    sent = 0
    for _number in range(limit):
        async with transaction(writer.engine) as connection:
            due = await claim_letter(connection, now, CLAIMED_FOR)
        if due is None:
            break
        try:
            sent += await _send(writer, due, now)
        except Unavailable:
            raise
        except Exception:
            _log.exception("a daily letter could not be written")
    return sent


async def _send(writer: LetterWriter, due: DueLetter, now: datetime) -> bool:
    email = None if due.person.email is None else await write_letter(writer, due, now)
    is_sent = email is not None and await writer.mailer.send(email)
    if is_sent or email is None or due.attempts >= MOST_ATTEMPTS:
        async with transaction(writer.engine) as connection:
            await note_letter(connection, due.person.id, now)
    return is_sent


async def write_letter(writer: LetterWriter, due: DueLetter, now: datetime) -> Email | None:
    """Return the letter of a person; None where there is nothing to say."""
    since = max(due.since or now - NEWS_OF, now - NEWS_OF)
    async with transaction(writer.engine) as connection:
        wanted = await find_letter_lists(connection, due.person.id)
        memberships = {each.household_id: each for each in await memberships_of(connection, due.person.id)}
    households = list[LetterHousehold]()
    with during(Visit(due.settings.language)):
        for household_id, lists in groupby(wanted, key=lambda each: each[0]):
            if (membership := memberships.get(household_id)) is not None:
                ids = [list_id for _of, list_id in lists][:MOST_LISTS]
                households.append(await _read_household(writer, due, membership, ids, since, now))
        said = [each for each in households if each.says_something]
        if not said or due.person.email is None:
            return None
        return _letter(writer, due, due.person.email, said)


async def _read_household(
    writer: LetterWriter, due: DueLetter, membership: Membership, ids: Sequence[UUID], since: datetime, now: datetime
) -> LetterHousehold:
    me = due.person.id
    actor = Actor(me, "letter", SERVICE, (membership,), membership.household_id)
    async with open_tenant(writer.engine, actor, None, write=False) as tenant:
        known: Mapping[UUID, ShoppingList] = await lists_with(tenant, set(ids))
        last, lists = await last_event(tenant), list[LetterList]()
        for list_id in ids:
            on = known.get(list_id)
            if on is None or on.deleted_at is not None or on.archived_at is not None:
                continue
            rows = await read_page(tenant, Browse(list_id, "open", MOST_ITEMS))
            news = await read_news(tenant, list_id, me, "additions", 1, last, since)
            url = writer.public_url + list_path(membership.ref, on.ref)
            more = max(0, on.open_items - on.waiting_items - len(rows)) if len(rows) == MOST_ITEMS else 0
            added = () if news is None else news.by
            lists.append(LetterList(in_short(on.name), url, [_item(each) for each in rows], more, added))
        today = membership.day_of(now)
        dishes = [in_short(each.name) for each in await read_plan(tenant, today, today, MOST_DISHES)]
        due_names = list[str]()
        for kind in ("due", "low_stock"):
            _on, found = await suggest(tenant, "*", kind, MOST_DUE)
            due_names += [in_short(each.name) for each in found if in_short(each.name) not in due_names]
    return LetterHousehold(in_short(membership.name), lists, dishes, due_names[:MOST_DUE])


def _item(row: PageRow) -> LetterItem:
    return LetterItem(in_short(row.name), None if row.quantity is None else str(row.quantity))


def _letter(writer: LetterWriter, due: DueLetter, to: str, said: Sequence[LetterHousehold]) -> Email:
    token = unsubscribe_token(due.person.id, writer.unsubscribe_key)
    ending = f"{writer.public_url}{UNSUBSCRIBE}?token={token}"
    context = {
        "name": in_short(due.person.name),
        "households": said,
        "is_one": len(said) == 1,
        "settings_url": writer.public_url + NOTIFICATIONS,
        "unsubscribe_url": ending,
    }
    return Email(
        to,
        _("Your lists today"),
        rendered("app.alerts", "letter.txt.html", **context),
        html=rendered("app.alerts", "letter.html", **context),
        headers={"List-Unsubscribe": f"<{ending}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
