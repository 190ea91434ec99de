"""Sending what is in the outbox: several processes may do so at once, and each push is sent by one of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import anyio
import structlog

from app.alerts import subscription_repository
from app.alerts.changes import read_news
from app.alerts.collect import KEPT_FOR, TOLD_FOR
from app.alerts.models import AlertSettings
from app.alerts.outbox_repository import WaitingPush, claim_pushes, finish, hold_back, put_back
from app.alerts.push_sender import Outcome, PushSender
from app.alerts.repository import find_wanted
from app.alerts.settings_repository import find_settings
from app.alerts.subscription_repository import Subscription, find_subscription
from app.alerts.times import quiet_until
from app.alerts.wording import push_message, trial_message
from app.db import Engine, transaction
from app.errors import Unavailable
from app.households.tenant import open_for_service
from app.limits.backoff import Backoff
from app.ui.languages import Visit, during

CLAIMED_FOR: Final = timedelta(minutes=2)
MOST_AT_ONCE: Final = 16
MOST_FAILURES: Final = 5
"""Pushes in a row that were given up, after which a browser is forgotten."""

RETRIES: Final = Backoff(free=0, first=timedelta(seconds=30), longest=timedelta(minutes=15), forgiven=timedelta(days=1))

_log: Final = structlog.stdlib.get_logger("app.alerts")


@dataclass(frozen=True, slots=True)
class _Composed:
    """A push that is ready to be sent, or held back `until` quiet hours end."""

    to: Subscription
    message: Mapping[str, Any]
    until: datetime | None = None


async def deliver(engine: Engine, sender: PushSender, base: str, now: datetime) -> int:
    """Send pushes that are due and return how many; `base` is the path in PUBLIC_URL. Raises `Unavailable`."""
    async with transaction(engine) as connection:
        claimed = await claim_pushes(connection, now, MOST_AT_ONCE, CLAIMED_FOR)
    sent = 0

    async def one(push: WaitingPush) -> None:
        nonlocal sent
        try:
            is_sent = await _deliver(engine, sender, base, push, now)
            sent += is_sent
        except Unavailable:
            pass  # it is due again when the claim ends
        except Exception:
            _log.exception("a push could not be sent")

    async with anyio.create_task_group() as tasks:
        for each in claimed:
            tasks.start_soon(one, each)
    return sent


async def _deliver(engine: Engine, sender: PushSender, base: str, push: WaitingPush, now: datetime) -> bool:
    composed = None if push.expires_at <= now else await _compose(engine, sender, base, push, now)
    if composed is None:
        async with transaction(engine) as connection:
            if push.expires_at <= now and push.attempts > 1:  # else nobody has tried: the service was away
                await subscription_repository.note_failed(connection, push.subscription_id, MOST_FAILURES)
            await finish(connection, push, now)
        return False
    if composed.until is not None:
        async with transaction(engine) as connection:
            await hold_back(connection, push, composed.until, composed.until + KEPT_FOR)
        return False
    to = composed.to
    outcome = Outcome.GONE
    if to.address is not None:
        outcome = await sender.send(
            to.address,
            to.public_key,
            {**composed.message, "tag": _topic(push)},
            now,
            kept_for=push.expires_at - now,
            topic=_topic(push),
        )
    async with transaction(engine) as connection:
        match outcome:
            case Outcome.SENT:
                await finish(connection, push, now)
                await subscription_repository.note_pushed(connection, to.id, now)
            case Outcome.LATER:
                due = now + RETRIES.wait(push.attempts)
                await put_back(connection, push, due, attempts=push.attempts)
            case Outcome.REFUSED:
                await finish(connection, push, now)
                await subscription_repository.note_failed(connection, to.id, MOST_FAILURES)
            case Outcome.GONE:
                await subscription_repository.delete_subscription(connection, to.id)
    return outcome is Outcome.SENT


async def _compose(engine: Engine, sender: PushSender, base: str, push: WaitingPush, now: datetime) -> _Composed | None:
    """Return what is to be sent now; None if there is nothing left to say, or the person may no longer hear it.

    Session, membership and choice are those of this moment.
    """
    if push.list is None:
        async with transaction(engine) as connection:
            to = await find_subscription(connection, push.subscription_id, sender.secret_keys, now)
            if to is None:
                return None
            settings = await find_settings(connection, to.person_id) or AlertSettings()
        with during(Visit(settings.language)):
            return _Composed(to, trial_message(base))
    household_id, person_id, list_id = push.list
    async with open_for_service(engine, household_id, write=False) as tenant:
        to = await find_subscription(tenant.connection, push.subscription_id, sender.secret_keys, now)
        wanted = await find_wanted(tenant.connection, push.list)
        if to is None or wanted is None or to.person_id != person_id:
            return None
        settings = wanted.settings
        if (until := quiet_until(now, settings.quiet, settings.zone)) is not None:
            return _Composed(to, {}, until)
        since = now - TOLD_FOR
        news = await read_news(tenant, list_id, person_id, wanted.push, push.first_event, push.last_event, since)
    if news is None or news.is_empty:
        return None
    with during(Visit(settings.language)):
        message = push_message(news, wanted.household_ref, base, without_text=settings.without_text)
    return _Composed(to, message)


def _topic(push: WaitingPush) -> str:
    """Return what tells the pushes about a list from others in one browser, and tells its push service nothing."""
    return hashlib.sha256(f"{push.subscription_id} {push.list}".encode()).hexdigest()[:32]
