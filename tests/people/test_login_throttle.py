"""Slowing down those who guess."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from sqlalchemy import select

from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.errors import LimitReached
from app.limits.defaults import ACCOUNT_ATTEMPTS, EMAILS_TO_ADDRESS, NETWORK_ATTEMPTS
from app.people import login_throttle
from app.people.attempt_repository import lock
from app.people.email_addresses import EmailAddress, parse_email
from app.people.login_throttle import FAMILIAR, Attempt, LoginThrottle
from app.people.retention import forget
from app.people.tables import attempts
from app.runtime.addresses import SITE_SHARE
from tests.db.locks import until_somebody_waits
from tests.db.looking import count
from tests.shared import SECRET

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANNA = parse_email("anna@example.org")
SOMEWHERE, ELSEWHERE = "192.0.2.1", "2001:db8::1"
THROTTLE = LoginThrottle(SECRET)


async def begin(
    engine: Engine, now: datetime = NOW, email: EmailAddress = ANNA, address: str = SOMEWHERE
) -> Attempt | int:
    """The attempt, or the seconds to wait."""
    try:
        async with transaction(engine) as connection:
            return await THROTTLE.begin(connection, email, address, now)
    except LimitReached as refused:
        if refused.retry_after is None:
            raise
        return refused.retry_after


async def fail(engine: Engine, times: int, now: datetime = NOW, address: str = SOMEWHERE) -> None:
    for _ in range(times):
        assert isinstance(await begin(engine, now, address=address), Attempt)


async def succeed(engine: Engine, now: datetime = NOW, address: str = SOMEWHERE) -> None:
    attempt = await begin(engine, now, address=address)
    assert isinstance(attempt, Attempt)
    async with transaction(engine) as connection:
        await THROTTLE.succeed(connection, attempt, now)


@pytest.mark.proves("""ac-guessing MUST OAuth 2.1 §7.7; RFC 6749 §10.10
    Passwords of people can't be guessed by trying.
    Here: Five free attempts for an account, then waits that double to a quarter of an hour; also by address; unknown
    accounts alike.""")
async def test_after_five_failures_the_waits_grow_to_a_quarter_of_an_hour(engine: Engine) -> None:
    await fail(engine, ACCOUNT_ATTEMPTS.free)
    now, waits = NOW, list[int]()
    for _ in range(12):
        await fail(engine, 1, now)
        wait = await begin(engine, now)
        assert isinstance(wait, int)
        waits.append(wait)
        now += timedelta(seconds=wait)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


async def test_asking_too_early_makes_nothing_longer(engine: Engine) -> None:
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1)
    for seconds in (1, 3):
        await fail(engine, 1, NOW + timedelta(seconds=seconds))
    waits = [await begin(engine, NOW + timedelta(seconds=seconds)) for seconds in (3, 4, 5, 6)]
    assert waits == [4, 3, 2, 1]
    await fail(engine, 1, NOW + timedelta(seconds=7))


@pytest.mark.proves("ac-guessing")
async def test_of_many_attempts_at_once_none_goes_uncounted(engine: Engine) -> None:
    found: list[Attempt | int] = []

    async def one(number: int) -> None:
        found.append(await begin(engine, address=f"192.0.2.{number}"))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, number)
    assert sum(isinstance(each, Attempt) for each in found) == ACCOUNT_ATTEMPTS.free + 1


async def test_a_right_password_ends_the_waits(engine: Engine) -> None:
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1)
    later = NOW + timedelta(seconds=1)
    await succeed(engine, later)
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1, later)


async def test_a_proof_in_another_way_ends_the_waits_and_strangers_can_not_begin_them_anew(engine: Engine) -> None:
    await succeed(engine)
    for address in (SOMEWHERE, ELSEWHERE):
        await fail(engine, ACCOUNT_ATTEMPTS.free + 1, address=address)
    async with transaction(engine) as connection:
        await THROTTLE.forgive(connection, ANNA, SOMEWHERE, NOW)
    for address in (ELSEWHERE, SOMEWHERE):
        await fail(engine, ACCOUNT_ATTEMPTS.free + 1, address=address)


async def test_time_forgives(engine: Engine) -> None:
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1)
    await fail(engine, 1, NOW + ACCOUNT_ATTEMPTS.forgiven)  # five are left, which is one more than what costs nothing
    assert await begin(engine, NOW + ACCOUNT_ATTEMPTS.forgiven) == 1
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1, NOW + timedelta(days=1))


async def test_others_can_not_keep_the_owner_out_where_they_signed_in_before(engine: Engine) -> None:
    await succeed(engine)
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1, address=ELSEWHERE)
    assert await begin(engine, address=ELSEWHERE) == 1
    assert await begin(engine, address="192.0.2.99") == 1
    await succeed(engine)
    assert await begin(engine, address=ELSEWHERE) == 1, "the owner's success gives strangers nothing"
    assert await begin(engine, NOW + FAMILIAR, address=SOMEWHERE) != 1


async def test_a_familiar_address_is_slowed_down_as_well(engine: Engine) -> None:
    await succeed(engine)
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1)
    assert await begin(engine) == 1


@pytest.mark.proves("ac-guessing")
async def test_an_address_that_tries_many_accounts_is_slowed_down(engine: Engine) -> None:
    for number in range(NETWORK_ATTEMPTS.free + 1):
        assert isinstance(await begin(engine, email=parse_email(f"person{number}@example.org")), Attempt)
    assert await begin(engine, email=parse_email("another@example.org")) == 1
    assert isinstance(await begin(engine, email=parse_email("another@example.org"), address=ELSEWHERE), Attempt)


async def test_a_network_of_ipv6_counts_as_one_address(engine: Engine) -> None:
    for number in range(NETWORK_ATTEMPTS.free + 1):
        email = parse_email(f"person{number}@example.org")
        assert isinstance(await begin(engine, email=email, address=f"2001:db8::{number:x}"), Attempt)
    assert await begin(engine, address="2001:db8::ffff") == 1


@pytest.mark.proves("li-networks")
async def test_a_site_of_ipv6_is_slowed_down_later_than_one_network_of_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_throttle, "NETWORK_ATTEMPTS", replace(NETWORK_ATTEMPTS, free=1))
    for number in range(SITE_SHARE + 1):
        email = parse_email(f"person{number}@example.org")
        assert isinstance(await begin(engine, email=email, address=f"2001:db8:1:{number}::1"), Attempt)
    assert await begin(engine, address="2001:db8:1:f::1") == 1
    assert isinstance(await begin(engine, address="2001:db8:2::1"), Attempt)


async def test_an_attempt_that_was_not_looked_at_does_not_count(engine: Engine) -> None:
    for _ in range(ACCOUNT_ATTEMPTS.free * 2):
        attempt = await begin(engine)
        assert isinstance(attempt, Attempt)
        async with transaction(engine) as connection:
            await THROTTLE.cancel(connection, attempt, NOW)
    await fail(engine, ACCOUNT_ATTEMPTS.free + 1)
    assert await begin(engine) == 1


async def test_letters_to_one_address_are_slowed_down(engine: Engine) -> None:
    for _ in range(EMAILS_TO_ADDRESS.free + 1):
        async with transaction(engine) as connection:
            await THROTTLE.count_email(connection, "reset", ANNA, SOMEWHERE, NOW)
    with pytest.raises(LimitReached) as refused:
        async with transaction(engine) as connection:
            await THROTTLE.count_email(connection, "reset", ANNA, ELSEWHERE, NOW)
    assert refused.value.retry_after == 60


@pytest.mark.proves("""ac-letters MUST own rule
    E-mails that others request keep nobody from resetting a password.
    Here: E-mails are counted by purpose: requests to sign up delay no reset, and each reset that others ask for
    brings a valid link.""")
async def test_emails_for_one_purpose_do_not_block_those_for_another(engine: Engine) -> None:
    for purpose in ("sign_up", "sign_up", "sign_up", "sign_up", "verify", "reset"):
        async with transaction(engine) as connection:
            await THROTTLE.count_email(connection, purpose, ANNA, SOMEWHERE, NOW)


async def test_a_right_password_and_a_wrong_one_at_once_never_wait_for_each_other(
    engine: Engine, database: DatabaseUrls
) -> None:
    """Both lock the account's counter and the network's, the lower key first."""
    tried: list[Attempt] = []
    while {keys[0] < keys[1] for keys in ([key for key, _ in each.counters] for each in tried)} != {True, False}:
        attempt = await begin(engine, email=parse_email(f"person{len(tried)}@example.org"))
        assert isinstance(attempt, Attempt)
        tried.append(attempt)
    for attempt in tried:
        lower, higher = sorted(key for key, _ in attempt.counters)
        async with anyio.create_task_group() as tasks, transaction(engine) as connection:
            await lock(connection, lower, NOW)
            async with until_somebody_waits(database):
                tasks.start_soon(pass_, engine, attempt)
            await lock(connection, higher, NOW)


async def pass_(engine: Engine, attempt: Attempt) -> None:
    async with transaction(engine) as connection:
        await THROTTLE.succeed(connection, attempt, NOW)


async def test_the_counters_hold_no_addresses_and_are_removed_when_they_are_worth_nothing(engine: Engine) -> None:
    await fail(engine, ACCOUNT_ATTEMPTS.free)
    await succeed(engine)
    await fail(engine, 1, address=ELSEWHERE)
    async with transaction(engine) as connection:
        stored = (await connection.execute(select(attempts))).all()
    assert len(stored) == 5
    assert all(len(row.key_hash) == 32 for row in stored)
    kept = [5, 1, 0]
    for days, left in zip((0, 1, 60), kept, strict=True):
        await forget(engine, NOW + timedelta(days=days))
        assert await count(engine, attempts) == left, days
