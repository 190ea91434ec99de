"""The keys of an external issuer: fetched once, changed, and out of reach."""

import json

import anyio
import pytest

from app.db import Engine
from app.errors import Unavailable
from app.fetch.answers import FetchFailed, Reason
from app.fetch.fetcher import Asked, Fetcher, fetcher_of
from app.oauth.external.issuer import (
    LONGEST_KEPT,
    MAX_RESPONSE,
    REREAD_AFTER,
    SHORTEST_REFETCH,
    RemoteIssuer,
)
from app.oauth.external.trusted_issuers import external_issuers
from app.oauth.tokens.verifier import TokenVerifier
from app.settings import Settings
from app.settings.external_issuers import DEFAULT_ALGORITHMS
from tests.clock import MovableClock
from tests.issuers.conftest import Resource
from tests.oauth.key_rings import kid_of
from tests.oidc_provider.process import Provider, RemoteControl, running_provider
from tests.site import Answer, Authority, Names, Site

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]


def asked_of(issuer: str, url: str) -> Asked:
    """A request to an issuer that the settings name."""
    return Asked(url, limit_bytes=MAX_RESPONSE, chosen=issuer)


@pytest.fixture
def remote(issuer: RemoteControl, settings: Settings, clock: MovableClock) -> RemoteIssuer:
    return RemoteIssuer(issuer.identifier, DEFAULT_ALGORITHMS, fetcher_of(settings), clock=clock)


def current(issuer: RemoteControl) -> tuple[str, str]:
    """The id of the key that signs now, without fetching anything on behalf of the service."""
    return kid_of(issuer.sign({})), "ES256"


async def test_many_at_once_fetch_once(remote: RemoteIssuer, issuer: RemoteControl) -> None:
    key = current(issuer)
    found: list[object] = []

    async def ask() -> None:
        found.append(await remote.verification_key(*key))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert len(found) == 20
    assert None not in found
    assert (issuer.asked("metadata"), issuer.asked("jwks")) == (1, 1)


@pytest.mark.proves("""ex-jwks-fetch MUST RFC 8725 §3.10; own rule
    Keys are fetched by the one guarded fetcher, at most once in 30 s for an unknown kid.
    Here: Keys come by the one fetcher; an unknown one leads to one refetch in 30 seconds. Only the configured host and
    port may be private.""")
async def test_a_new_key_is_found_by_one_refetch_in_thirty_seconds(
    remote: RemoteIssuer, issuer: RemoteControl, clock: MovableClock
) -> None:
    before = current(issuer)
    assert await remote.verification_key(*before) is not None
    issuer.rotate()
    after = current(issuer)
    clock.now += SHORTEST_REFETCH / 2
    for _ in range(10):
        assert await remote.verification_key(*after) is None
    assert issuer.asked("jwks") == 1
    clock.now += SHORTEST_REFETCH / 2
    assert await remote.verification_key(*after) is not None
    for kid in range(10):
        assert await remote.verification_key(f"made up {kid}", "ES256") is None
    assert issuer.asked("jwks") == 2
    assert await remote.verification_key(*before) is None  # a withdrawn key is no longer valid


async def test_keys_are_fetched_again_by_age(remote: RemoteIssuer, issuer: RemoteControl, clock: MovableClock) -> None:
    before = current(issuer)
    assert await remote.verification_key(*before) is not None
    issuer.rotate()
    clock.now += REREAD_AFTER
    assert await remote.verification_key(*before) is None
    assert await remote.verification_key(*current(issuer)) is not None


async def test_a_token_seen_before_ends_with_its_key(
    issuer: RemoteControl, resource: Resource, settings: Settings, clock: MovableClock
) -> None:
    verifier = TokenVerifier(
        settings.resource, external_issuers(settings.oidc_issuers, fetcher_of(settings), clock=clock)
    )
    token = resource.token(issuer)
    claims = await verifier.verify(token)
    assert claims is not None
    assert await verifier.verify(token) is claims
    issuer.rotate()
    clock.now += REREAD_AFTER
    assert await verifier.verify(token) is None


async def test_while_the_issuer_is_away_known_keys_go_on_and_others_are_nobodys_fault(
    remote: RemoteIssuer, issuer: RemoteControl, clock: MovableClock
) -> None:
    known = current(issuer)
    assert await remote.verification_key(*known) is not None
    issuer.set(away=True)
    clock.now += SHORTEST_REFETCH
    for _ in range(3):
        with pytest.raises(Unavailable) as refusal:
            await remote.verification_key("unknown", "ES256")
        assert refusal.value.retry_after
        assert await remote.verification_key(*known) is not None
    assert issuer.asked("metadata") == 2
    clock.now += LONGEST_KEPT
    with pytest.raises(Unavailable):
        await remote.verification_key(*known)
    issuer.set(away=False)
    clock.now += SHORTEST_REFETCH
    assert await remote.verification_key(*known) is not None


async def test_an_issuer_that_never_answered_is_503_and_never_401(
    resource: Resource, issuer: RemoteControl, plain_issuer: RemoteControl
) -> None:
    issuer.set(away=True)
    token = resource.token(issuer)
    for _ in range(3):
        response = await resource.client(token).send("tools/list")
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert "www-authenticate" not in response.headers
    assert issuer.asked("metadata") == 1
    assert await resource.status(resource.token(plain_issuer)) == 200  # the other one is not affected


async def test_when_the_process_of_the_issuer_ends_known_keys_go_on(
    settings: Settings, clock: MovableClock, engine: Engine
) -> None:
    with running_provider() as provider:
        first, second = provider.issuer(), provider.issuer()
        fetcher = fetcher_of(settings)
        remotes = [RemoteIssuer(each.identifier, DEFAULT_ALGORITHMS, fetcher, clock=clock) for each in (first, second)]
        known = current(first)
        assert await remotes[0].verification_key(*known) is not None
        provider.stop()
        clock.now += REREAD_AFTER
        assert await remotes[0].verification_key(*known) is not None
        with pytest.raises(Unavailable):
            await remotes[1].verification_key("any", "ES256")


@pytest.mark.proves("""ex-discovery MUST OIDC Discovery 1.0 §4.3; RFC 8414 §3.3
    The issuer in a fetched document is exactly the configured one.
    Here: The issuer in the metadata must be the configured one, byte for byte; otherwise nothing of it is used.""")
@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "http://192.0.2.1/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://[::1"},
        {"jwks_uri": 7},
    ],
)
async def test_metadata_that_is_not_right_is_not_used(
    remote: RemoteIssuer, issuer: RemoteControl, metadata: dict[str, object]
) -> None:
    issuer.set(metadata=metadata)
    with pytest.raises(Unavailable):
        await remote.verification_key("any", "ES256")
    assert issuer.asked("jwks") == 0


async def test_a_trailing_slash_makes_another_issuer(
    issuer: RemoteControl, settings: Settings, clock: MovableClock
) -> None:
    remote = RemoteIssuer(issuer.identifier + "/", DEFAULT_ALGORITHMS, fetcher_of(settings), clock=clock)
    with pytest.raises(Unavailable):
        await remote.metadata()


async def test_metadata_at_the_address_of_oauth_will_do(fetcher: Fetcher, site: Site) -> None:
    """RFC 8414 section 3.1: the well-known part goes between host and path."""
    issuer = site.url("/tenant")
    metadata = {"issuer": issuer, "jwks_uri": site.url("/keys")}
    site.answers["/.well-known/oauth-authorization-server/tenant"] = Answer(json.dumps(metadata).encode())
    site.answers["/keys"] = Answer(b'{"keys": []}')
    remote = RemoteIssuer(issuer, DEFAULT_ALGORITHMS, fetcher)
    assert (await remote.metadata()).jwks_uri == site.url("/keys")
    assert site.seen[0][1] == "/tenant/.well-known/openid-configuration"
    assert len(site.seen) == 3


@pytest.mark.proves("ex-jwks-fetch")
@pytest.mark.parametrize("elsewhere", ["https://app.example:{port}/keys", "https://localhost:1/keys"])
async def test_what_an_issuer_says_of_other_hosts_and_ports_leads_nowhere_private(
    authority: Authority, site: Site, elsewhere: str
) -> None:
    names = Names({"localhost": [["127.0.0.1"]], "app.example": [["127.0.0.1"]]})
    fetcher = Fetcher(resolve_host=names, ca_file=authority.ca_file)
    issuer, jwks_uri = site.url(""), elsewhere.format(port=site.port)
    well_known = f"{issuer}/.well-known/openid-configuration"
    metadata = {"issuer": issuer, "jwks_uri": jwks_uri}
    site.answers["/.well-known/openid-configuration"] = Answer(json.dumps(metadata).encode())
    site.answers["/keys"] = Answer(b'{"keys": []}')
    assert (await fetcher.request(asked_of(issuer, well_known))).status == 200
    with pytest.raises(FetchFailed) as refusal:
        await fetcher.request(asked_of(issuer, jwks_uri))
    assert refusal.value.reason is Reason.REFUSED
    with pytest.raises(Unavailable):
        await RemoteIssuer(issuer, DEFAULT_ALGORITHMS, fetcher).verification_key("any", "ES256")
    assert site.asked("/keys") == 0


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/", "http://example.org/", "ftp://example.org/", "nowhere", "http://["]
)
async def test_only_https_goes_out_loopback_apart(settings: Settings, url: str) -> None:
    with pytest.raises(FetchFailed):
        await fetcher_of(settings).request(asked_of(url, url))


async def test_a_public_service_does_not_ask_loopback_addresses(settings: Settings, provider: Provider) -> None:
    public = settings.model_copy(update={"public_url": "https://lists.example.org"})
    issuer = provider.issuer().identifier
    assert (await fetcher_of(settings).request(asked_of(issuer, issuer + "/jwks"))).status == 200
    with pytest.raises(FetchFailed):
        await fetcher_of(public).request(asked_of(issuer, issuer + "/jwks"))


async def test_an_answer_without_end_is_refused(settings: Settings, issuer: RemoteControl) -> None:
    issuer.set(metadata={"filler": "x" * MAX_RESPONSE})
    with pytest.raises(FetchFailed):
        await fetcher_of(settings).request(
            asked_of(issuer.identifier, f"{issuer.identifier}/.well-known/openid-configuration")
        )
