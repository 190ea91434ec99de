"""Replacing the signing key."""

from datetime import timedelta

import anyio
import httpx
import pytest
from pydantic import SecretStr

from app.db import Engine, transaction
from app.errors import Unavailable
from app.jobs.runner import keep_up
from app.oauth.signing.repository import StoredKey, find_keys
from app.oauth.signing.rotation import OLDEST, rotate_keys
from app.settings import Settings
from tests.clock import MovableClock
from tests.oauth.conftest import RunningServer
from tests.oauth.key_rings import OTHER_SECRET, kid_of, loaded
from tests.oauth.tokens import refresh, tokens_for
from tests.shared import SECRET

pytestmark = pytest.mark.anyio


async def rotate(engine: Engine, clock: MovableClock, secret_key: SecretStr = SECRET) -> StoredKey | None:
    async with transaction(engine) as connection:
        return await rotate_keys(connection, secret_key, clock())


async def stored(engine: Engine, clock: MovableClock) -> list[StoredKey]:
    async with transaction(engine) as connection:
        return await find_keys(connection, clock() - timedelta(days=1000))


async def published(http: httpx.AsyncClient) -> set[str]:
    return {key["kid"] for key in (await http.get("/oauth/jwks.json")).json()["keys"]}


@pytest.mark.proves("""ky-rotation SHOULD RFC 8725 §3.5; own rule
    Signing keys can be changed without cutting anyone off.
    Here: A new key is published an hour before it signs, and the old one until its last token is dead; by command, and
    by age.""")
async def test_a_new_key_is_published_takes_over_and_outlives_no_token(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email)
    old = kid_of(tokens["access_token"])
    new = await rotate(server.engine, server.clock)
    assert new is not None
    server.clock.move(minutes=5)
    assert await published(http) == {old, new.kid}

    async def next_kid() -> str:
        answer = (await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])).json()
        tokens.update(answer)
        return kid_of(answer["access_token"])

    assert await next_kid() == old
    server.clock.move(minutes=54, seconds=59)
    assert await next_kid() == old
    server.clock.move(seconds=1)
    assert await next_kid() == new.kid
    server.clock.move(hours=24, minutes=59)
    assert await published(http) == {old, new.kid}
    assert await server.keys.verification_key(old) is not None
    server.clock.move(minutes=6)
    assert await published(http) == {new.kid}
    assert await server.keys.verification_key(old) is None


async def test_a_service_that_starts_while_a_key_waits_signs_with_the_old_one(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    old = kid_of((await loaded(engine, settings, clock)).sign({}))
    new = await rotate(engine, clock)
    assert new is not None
    started = await loaded(engine, settings, clock)
    assert kid_of(started.sign({})) == old
    clock.move(hours=1)
    assert kid_of(started.sign({})) == new.kid
    clock.move(hours=3)
    assert kid_of((await loaded(engine, settings, clock)).sign({})) == new.kid
    assert len(await stored(engine, clock)) == 2


async def test_of_processes_that_rotate_at_once_one_wins(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    await loaded(engine, settings, clock)
    made: list[StoredKey | None] = []

    async def one() -> None:
        made.append(await rotate(engine, clock))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(one)
    [new] = [key for key in made if key is not None]
    assert await rotate(engine, clock) is None  # it has not taken over yet
    newest, oldest = await stored(engine, clock)
    assert (newest.kid, newest.generation, newest.retired_at) == (new.kid, 2, None)
    assert (oldest.generation, oldest.retired_at) == (1, new.active_from)
    clock.move(hours=1)
    assert await rotate(engine, clock) is not None


@pytest.mark.proves("ky-rotation")
async def test_a_key_is_replaced_when_it_is_ninety_days_old(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    keys = await loaded(engine, settings, clock)
    old = kid_of(keys.sign({}))
    clock.now += OLDEST - timedelta(seconds=1)
    await keep_up(engine, keys.secret_key, clock())
    assert len(await stored(engine, clock)) == 1
    clock.move(seconds=1)
    for _ in range(2):
        await keep_up(engine, keys.secret_key, clock())
    assert len(await stored(engine, clock)) == 2
    await keys.refresh()
    assert kid_of(keys.sign({})) == old
    clock.move(hours=1)
    assert kid_of(keys.sign({})) != old
    await keep_up(engine, keys.secret_key, clock())
    assert len(await stored(engine, clock)) == 2


async def test_before_the_first_key_there_is_nothing_to_replace(engine: Engine, clock: MovableClock) -> None:
    await keep_up(engine, SECRET, clock())
    assert await rotate(engine, clock) is None
    assert await stored(engine, clock) == []


async def test_a_key_that_will_still_sign_is_encrypted_again_too(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    old = kid_of((await loaded(engine, settings, clock)).sign({}))
    await rotate(engine, clock)
    changed = settings.model_copy(update={"secret_key": OTHER_SECRET, "secret_key_previous": SECRET})
    await loaded(engine, changed, clock)
    moved = await loaded(engine, changed.model_copy(update={"secret_key_previous": None}), clock)
    assert kid_of(moved.sign({})) == old
    clock.move(hours=1)
    assert kid_of(moved.sign({})) != old


async def test_where_the_clock_is_behind_the_oldest_key_signs(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    ahead = await loaded(engine, settings, clock)
    await rotate(engine, clock)
    late = MovableClock(clock.now - timedelta(minutes=10))
    behind = await loaded(engine, settings, late)
    assert kid_of(behind.sign({})) == kid_of(ahead.sign({}))


async def test_a_process_without_a_key_that_it_can_decrypt_says_so(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    keys = await loaded(engine, settings, clock)
    await rotate(engine, clock, OTHER_SECRET)
    clock.move(minutes=59)
    await keys.refresh()
    keys.sign({})
    clock.move(minutes=6)
    await keys.refresh()
    with pytest.raises(Unavailable):
        keys.sign({})
