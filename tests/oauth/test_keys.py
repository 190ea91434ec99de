"""The signing keys."""

from datetime import UTC, datetime, timedelta

import anyio
import httpx
import jwt
import pytest
from sqlalchemy import select, update

from app.crypto.encryption import decrypt, encrypt
from app.db import Engine, transaction
from app.errors import StartupError
from app.oauth.signing.key_ring import PURPOSE, KeyRing, create_key
from app.oauth.tables import signing_keys
from app.settings import Settings
from tests.clock import MovableClock
from tests.oauth.conftest import RunningServer
from tests.oauth.key_rings import OTHER_SECRET, kid_of, loaded

pytestmark = pytest.mark.anyio


async def kids(engine: Engine) -> list[str]:
    async with transaction(engine) as connection:
        return list((await connection.execute(select(signing_keys.c.kid))).scalars())


async def test_the_first_start_makes_one_key_and_the_next_keeps_it(engine: Engine, settings: Settings) -> None:
    first = await loaded(engine, settings)
    second = await loaded(engine, settings)
    assert len(await kids(engine)) == 1
    key = await second.verification_key(kid_of(first.sign({"a": 1})))
    assert key is not None
    assert jwt.decode(first.sign({"a": 1}), key, algorithms=["ES256"]) == {"a": 1}


async def test_processes_that_start_at_once_agree_on_one_key(engine: Engine, settings: Settings) -> None:
    rings = [KeyRing(engine, settings.secret_keys) for _ in range(8)]
    async with anyio.create_task_group() as tasks:
        for ring in rings:
            tasks.start_soon(ring.load)
    assert len(await kids(engine)) == 1
    assert len({kid_of(ring.sign({})) for ring in rings}) == 1


@pytest.mark.proves("""as-jwks MUST RFC 8414 §2; RFC 7517 §5
    The published keys hold no private part and say what they are for.
    Here: Only public halves with kid, use and alg are served.""")
async def test_the_published_keys_hold_no_private_half(server: RunningServer, http: httpx.AsyncClient) -> None:
    [key] = (await http.get("/oauth/jwks.json")).json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


@pytest.mark.proves("""ky-sealed MUST MCP security-considerations (Token Theft); own rule
    Private keys are encrypted in the database.
    Here: AES-256-GCM under a derived key, bound to the kid.""")
async def test_the_private_half_is_not_readable_in_the_database(engine: Engine, settings: Settings) -> None:
    await loaded(engine, settings)
    async with transaction(engine) as connection:
        row = (await connection.execute(select(signing_keys))).one()
    assert settings.secret_key is not None
    decrypted = decrypt(row.sealed_private_key, PURPOSE, row.kid, [settings.secret_key])
    assert decrypted is not None
    assert decrypted[0] not in row.sealed_private_key
    assert b"PRIVATE" not in row.sealed_private_key
    assert "d" not in row.public_jwk


@pytest.mark.proves("""ky-entropy MUST RFC 8725 §3.5; RFC 7518 §8.1
    Keys have enough entropy.
    Here: P-256 keys are random; SECRET_KEY has at least 32 characters, and 256 random bits where we make it.""")
def test_each_key_is_another_one_on_p_256() -> None:
    made = [create_key(1, OTHER_SECRET, datetime.now(UTC)).public_jwk for _ in range(3)]
    assert {jwk["crv"] for jwk in made} == {"P-256"}
    assert len({jwk["x"] for jwk in made}) == len({jwk["kid"] for jwk in made}) == 3


@pytest.mark.proves("ky-sealed")
def test_an_encrypted_key_can_be_decrypted_in_its_own_row_only() -> None:
    encrypted = encrypt(b"private", PURPOSE, "one", OTHER_SECRET)
    assert decrypt(encrypted, PURPOSE, "one", [OTHER_SECRET]) == (b"private", OTHER_SECRET)
    assert decrypt(encrypted, PURPOSE, "two", [OTHER_SECRET]) is None
    assert decrypt(encrypted[:-1], PURPOSE, "one", [OTHER_SECRET]) is None
    assert decrypt(b"", PURPOSE, "one", [OTHER_SECRET]) is None
    assert encrypt(b"private", PURPOSE, "one", OTHER_SECRET) != encrypted


@pytest.mark.proves("ky-undecryptable")
async def test_another_secret_key_stops_the_start_and_makes_no_new_keys(engine: Engine, settings: Settings) -> None:
    await loaded(engine, settings)
    before = await kids(engine)
    changed = settings.model_copy(update={"secret_key": OTHER_SECRET})
    with pytest.raises(StartupError, match=r"^SECRET_KEY: [^\n]+$"):
        await loaded(engine, changed)
    assert await kids(engine) == before


@pytest.mark.proves("""ky-secret-change MUST own rule
    SECRET_KEY can be changed.
    Here: The previous one decrypts the keys once; they are encrypted anew.""")
async def test_the_previous_secret_key_decrypts_once_and_the_new_one_from_then_on(
    engine: Engine, settings: Settings
) -> None:
    old = await loaded(engine, settings)
    changed = settings.model_copy(update={"secret_key": OTHER_SECRET, "secret_key_previous": settings.secret_key})
    moving = await loaded(engine, changed)
    moved = await loaded(engine, changed.model_copy(update={"secret_key_previous": None}))
    assert kid_of(old.sign({})) == kid_of(moving.sign({})) == kid_of(moved.sign({}))


async def test_a_process_with_the_old_secret_key_goes_on_during_the_change(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    old = await loaded(engine, settings, clock)
    await loaded(
        engine, settings.model_copy(update={"secret_key": OTHER_SECRET, "secret_key_previous": settings.secret_key})
    )
    clock.move(minutes=5)
    await old.refresh()
    assert await old.verification_key(kid_of(old.sign({}))) is not None


@pytest.mark.proves("""rs-kid-refetch MUST RFC 8725 §3.10; own rule
    Made-up key ids can't make the server do unbounded work.
    Here: An unknown kid rereads the keys at most once in 30 s.""")
async def test_unknown_key_ids_make_one_look_at_the_database_in_thirty_seconds(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    keys = await loaded(engine, settings, clock)
    [kid] = await kids(engine)
    async with transaction(engine) as connection:
        await connection.execute(update(signing_keys).values(kid="renamed"))
    assert await keys.verification_key("renamed") is None
    clock.move(seconds=29)
    assert await keys.verification_key("renamed") is None
    clock.move(seconds=1)
    assert await keys.verification_key("renamed") is not None
    assert await keys.verification_key(kid) is None


async def test_a_new_key_is_published_before_it_signs_and_a_retired_one_after(
    engine: Engine, settings: Settings, clock: MovableClock
) -> None:
    keys = await loaded(engine, settings, clock)
    [old] = await kids(engine)
    async with transaction(engine) as connection:
        row = (await connection.execute(select(signing_keys))).mappings().one()
        assert settings.secret_key is not None
        decrypted = decrypt(row["sealed_private_key"], PURPOSE, old, [settings.secret_key])
        assert decrypted is not None
        new = {**row, "kid": "new", "generation": 2, "active_from": clock.now + timedelta(hours=1)}
        new["public_jwk"] = {**row["public_jwk"], "kid": "new"}
        new["sealed_private_key"] = encrypt(decrypted[0], PURPOSE, "new", settings.secret_key)
        await connection.execute(signing_keys.insert().values(**new))
    clock.move(minutes=30)
    await keys.refresh()
    assert {key["kid"] for key in keys.public_keys()["keys"]} == {old, "new"}
    assert kid_of(keys.sign({})) == old
    clock.move(minutes=30)
    assert kid_of(keys.sign({})) == "new"
    async with transaction(engine) as connection:
        retire = update(signing_keys).where(signing_keys.c.kid == old).values(retired_at=clock.now)
        await connection.execute(retire)
    clock.move(hours=24)
    await keys.refresh()
    assert len(keys.public_keys()["keys"]) == 2
    clock.move(hours=1)
    await keys.refresh()
    assert len(keys.public_keys()["keys"]) == 1


async def test_keys_are_not_kept_without_a_secret_key(engine: Engine, settings: Settings) -> None:
    with pytest.raises(StartupError, match="SECRET_KEY"):
        KeyRing(engine, settings.model_copy(update={"secret_key": None}).secret_keys)
