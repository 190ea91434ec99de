"""Keys of clients that are fetched from where they say."""

import json

import anyio
import httpx
import pytest

from app.db import Engine, transaction
from app.errors import LimitReached, Unavailable
from app.fetch.fetcher import STRANGERS, Fetcher
from app.limits.defaults import CLIENT_FAILURES, KEY_SETS_FOR_NETWORK, KEY_SETS_OF_HOST, KEY_SETS_OF_URL
from app.limits.rate_limit import RateLimiter
from app.oauth.clients.fetch_limits import KEY_SETS, MOST_FAILED, FetchLimits
from app.oauth.clients.key_sets import MOST_SETS, KeySets
from app.oauth.clients.keys import GivenKeys
from app.oauth.clients.models import Client, ClientKind
from app.oauth.credentials.service_accounts import NewAccount, create_service_account
from app.settings import Settings
from tests.clock import MovableClock
from tests.factory import Factory
from tests.oauth.conftest import RunningServer, start
from tests.oauth.signing import Signer, asking, believed
from tests.oauth.tokens import register
from tests.site import Answer, Authority, SilentNames, Site, seen

pytestmark = pytest.mark.anyio

METHOD = {"token_endpoint_auth_method": "private_key_jwt"}


@pytest.fixture
async def server(settings: Settings, engine: Engine, fetcher: Fetcher) -> RunningServer:
    return await start(settings, engine, fetcher)


@pytest.fixture
async def fetching(server: RunningServer, http: httpx.AsyncClient, site: Site) -> Signer:
    """A client whose keys are on its site."""
    signer = Signer("", server.url)
    site.answers["/keys"] = Answer(json.dumps(signer.jwks()).encode())
    answer = await register(http, server.url, **METHOD, jwks_uri=site.url("/keys"))
    signer.client_id = answer["client_id"]
    return signer


async def test_a_service_account_changes_its_keys_where_they_are(
    server: RunningServer, http: httpx.AsyncClient, factory: Factory, site: Site
) -> None:
    await factory.person("Ada")
    keys = GivenKeys(jwks_uri=site.url("/keys"))
    new_account = NewAccount("Robot", "Ada's household", "viewer", "private_key_jwt", keys)
    async with transaction(server.engine) as connection:
        account = await create_service_account(connection, server.settings.resource, new_account, server.clock())

    async def status(signer: Signer) -> int:
        data = {"grant_type": "client_credentials", **signer.parameters()}
        return (await http.post("/oauth/token", data=data)).status_code

    old, new = (Signer(account.client_id, server.url, kid=kid) for kid in ("old", "new"))
    site.answers["/keys"] = Answer(json.dumps(old.jwks()).encode())
    assert (account.secret, await status(old)) == (None, 200)
    site.answers["/keys"] = Answer(json.dumps(new.jwks()).encode())
    server.clock.move(seconds=30)
    assert [await status(new), await status(old)] == [200, 401]


async def test_fetched_keys_are_kept_and_a_new_key_id_is_looked_for_at_most_twice_a_minute(
    server: RunningServer, http: httpx.AsyncClient, site: Site, fetching: Signer
) -> None:
    for _ in range(3):
        assert believed(await asking(http, fetching))
    assert site.asked("/keys") == 1
    rotated = Signer(fetching.client_id, server.url, kid="k2")
    site.answers["/keys"] = Answer(json.dumps(rotated.jwks()).encode())
    assert not believed(await asking(http, rotated))
    assert site.asked("/keys") == 1
    server.clock.move(seconds=30)
    assert believed(await asking(http, rotated))
    assert not believed(await asking(http, fetching))
    for number in range(5):
        assert not believed(await asking(http, Signer(fetching.client_id, server.url, kid=f"made up {number}")))
    assert site.asked("/keys") == 2


async def test_keys_that_were_taken_away_stop_counting(
    server: RunningServer, http: httpx.AsyncClient, site: Site, fetching: Signer
) -> None:
    site.answers["/keys"] = Answer(json.dumps(fetching.jwks()).encode(), headers={"Cache-Control": "max-age=999999"})
    assert believed(await asking(http, fetching))
    site.answers["/keys"] = Answer(json.dumps(Signer("", "", kid="k2").jwks()).encode())
    server.clock.move(hours=1)
    now = server.clock().timestamp()
    assert not believed(await asking(http, fetching, fetching.assertion(now)))


async def test_while_their_site_is_down_known_keys_serve_for_a_day_and_others_are_told_to_wait(
    server: RunningServer, http: httpx.AsyncClient, site: Site, fetching: Signer
) -> None:
    assert believed(await asking(http, fetching))
    site.answers["/keys"] = Answer(status=503)
    server.clock.move(hours=24)
    assert believed(await asking(http, fetching, fetching.assertion(server.clock().timestamp())))
    server.clock.move(hours=1)
    response = await asking(http, fetching, fetching.assertion(server.clock().timestamp()))
    assert response.status_code == 503
    assert response.headers["retry-after"] == "30"


@pytest.mark.proves("ci-keys-stay")
@pytest.mark.parametrize(
    "answer", [Answer(status=404), Answer(b"<html>"), Answer(b'{"keys": []}')], ids=["404", "a", "b"]
)
async def test_keys_that_are_gone_are_forgotten(
    server: RunningServer, http: httpx.AsyncClient, site: Site, fetching: Signer, answer: Answer
) -> None:
    assert believed(await asking(http, fetching))
    site.answers["/keys"] = answer
    server.clock.move(minutes=6)
    for _ in range(2):
        response = await asking(http, fetching, fetching.assertion(server.clock().timestamp()))
        assert response.status_code == 503
    assert site.asked("/keys") == 2


async def test_the_memory_of_key_sets_is_bounded_and_good_ones_stay(
    fetcher: Fetcher, site: Site, clock: MovableClock
) -> None:
    site.answers["/keys"] = Answer(json.dumps(Signer("", "").jwks()).encode())
    unlimited = FetchLimits(RateLimiter(enabled=False), KEY_SETS)
    key_sets = KeySets(fetcher, unlimited, clock)
    assert await key_sets.keys_of(at(site.url("/keys")), "k1", "")
    for number in range(MOST_SETS + 5):
        with pytest.raises(Unavailable):
            await key_sets.keys_of(at(f"http://nowhere.example/{number}"), "k1", "")
    assert len(key_sets) == MOST_SETS
    assert await key_sets.keys_of(at(site.url("/keys")), "k1", "")
    assert site.asked("/keys") == 1


def at(jwks_uri: str) -> Client:
    """A client with keys there."""
    return Client("app_x", ClientKind.DYNAMIC, "A", (), "private_key_jwt", jwks_uri=jwks_uri)


def limits_of(of_host: int, of_requester: int) -> FetchLimits:
    """Limits of key sets with these rates."""
    rates = {KEY_SETS_OF_HOST: of_host, KEY_SETS_OF_URL: of_host, KEY_SETS_FOR_NETWORK: of_requester}
    return FetchLimits(RateLimiter(rates=rates), KEY_SETS)


@pytest.mark.proves("ci-keys-limited")
@pytest.mark.parametrize(("of_host", "of_requester"), [(2, 100), (100, 2)])
async def test_new_addresses_are_limited_by_host_and_requester_and_known_ones_are_not(
    fetcher: Fetcher, site: Site, of_host: int, of_requester: int, clock: MovableClock
) -> None:
    site.answers["/keys"] = Answer(json.dumps(Signer("", "").jwks()).encode())
    key_sets = KeySets(fetcher, limits_of(of_host, of_requester), clock)
    assert await key_sets.keys_of(at(site.url("/keys")), "k1", "192.0.2.1")
    with pytest.raises(Unavailable):
        await key_sets.keys_of(at(site.url("/a")), "k1", "192.0.2.1")
    for path in ("/b", "/c"):
        with pytest.raises(LimitReached) as refusal:
            await key_sets.keys_of(at(site.url(path)), "k1", "192.0.2.1")
        assert refusal.value.retry_after
    assert (site.asked("/b"), site.asked("/c")) == (0, 0)
    site.answers["/keys"] = Answer(json.dumps(Signer("", "", kid="k2").jwks()).encode())
    clock.move(seconds=30)
    assert await key_sets.keys_of(at(site.url("/keys")), "k2", "192.0.2.1")


@pytest.mark.proves("""ci-keys-stay SHOULD own rule
    A stranger who has keys asked for at a bad moment takes them from nobody.
    Here: Good keys stay for a day whatever their site answers but 404 and 410 or a set without usable keys.""")
async def test_known_keys_serve_on_when_a_stranger_asks_while_their_site_refuses(
    server: RunningServer, http: httpx.AsyncClient, site: Site, fetching: Signer
) -> None:
    assert believed(await asking(http, fetching))
    for number, status in enumerate((429, 403, 302, 418)):
        site.answers["/keys"] = Answer(status=status)
        server.clock.move(seconds=30)
        stranger = Signer(fetching.client_id, server.url, kid=f"made up {number}")
        assert not believed(await asking(http, stranger, stranger.assertion(server.clock().timestamp())))
        assert site.asked("/keys") == number + 2
        assert believed(await asking(http, fetching, fetching.assertion(server.clock().timestamp())))


@pytest.mark.proves("ci-keys-limited")
async def test_a_known_address_counts_for_who_asks_from_its_first_failure_to_its_next_success(
    fetcher: Fetcher, site: Site
) -> None:
    good = Answer(json.dumps(Signer("", "").jwks()).encode())
    site.answers["/keys"] = good
    clock = MovableClock()
    key_sets = KeySets(fetcher, limits_of(100, 1), clock)

    async def asked(requester: str) -> int:
        clock.move(minutes=6)
        assert await key_sets.keys_of(at(site.url("/keys")), "k1", requester)
        return site.asked("/keys")

    assert await asked("192.0.2.1") == 1
    site.answers["/keys"] = Answer(status=503)
    assert await asked("192.0.2.1") == 2  # not limited: it had answered well
    assert await asked("192.0.2.1") == 2
    site.answers["/keys"] = Answer(json.dumps(Signer("", "", kid="k2").jwks()).encode())
    key_set = at(site.url("/keys"))
    assert not await key_sets.keys_of(key_set, "k2", "192.0.2.1")
    assert await key_sets.keys_of(key_set, "k2", "192.0.2.2"), "whose limit it was not is not kept waiting by it"
    site.answers["/keys"] = good
    assert await asked("192.0.2.1") == 4


@pytest.mark.proves("ci-keys-limited")
async def test_failures_of_known_addresses_are_remembered_within_bounds() -> None:
    limits = FetchLimits(RateLimiter(enabled=False), KEY_SETS)
    for number in range(MOST_FAILED + 5):
        limits.failed(f"https://app.example/{number}")
    assert len(limits) == MOST_FAILED


@pytest.mark.proves("ci-places-of-requester")
async def test_what_was_not_begun_for_one_requester_says_nothing_of_the_keys(authority: Authority, site: Site) -> None:
    site.answers["/keys"] = Answer(json.dumps(Signer("", "").jwks()).encode())
    names = SilentNames()
    fetcher = Fetcher(resolve_host=names, seconds=3, allow_loopback=True, ca_file=authority.ca_file)
    key_sets = KeySets(fetcher, limits_of(100, 100), MovableClock())
    try:
        async with anyio.create_task_group() as tasks:
            for number in range(STRANGERS.look_ups_of_requester.at_once):
                tasks.start_soon(fetcher.get, f"https://n{number}.silent.example/", "192.0.2.1")
            await seen(names.waiting, STRANGERS.look_ups_of_requester.at_once)
            tasks.cancel_scope.cancel()

        async def is_refused() -> None:
            with pytest.raises(LimitReached):
                await key_sets.keys_of(at(site.url("/keys")), "k1", "192.0.2.1")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(is_refused)
            await anyio.lowlevel.checkpoint()
            assert await key_sets.keys_of(at(site.url("/keys")), "k1", "192.0.2.2")
        assert site.asked("/keys") == 1
    finally:
        names.released.set()


@pytest.mark.proves("""ci-keys-limited MUST own rule
    Key sets that answer nothing are not fetched without end.
    Here: A failed fetch is a failure of the client and address; fetches are limited by host and requester. Known
    addresses have budgets of their own, and those that failed last count for the requester again.""")
@pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect"])
async def test_keys_that_can_not_be_fetched_count_as_failures_of_the_client(
    settings: Settings, engine: Engine, fetcher: Fetcher, site: Site, endpoint: str
) -> None:
    is_on = settings.model_copy(update={"limits": True})
    limited = await start(is_on, engine, fetcher, rates={CLIENT_FAILURES: 2})
    async with limited.browser() as http:
        signer = Signer("", limited.url)
        answer = await register(http, limited.url, **METHOD, jwks_uri=site.url("/nothing"))
        signer.client_id = answer["client_id"]
        statuses = [
            (await http.post(f"/oauth/{endpoint}", data={"token": "x", **signer.parameters()})).status_code
            for _ in range(3)
        ]
    assert statuses == [503, 503, 429]
    assert site.asked("/nothing") == 1
