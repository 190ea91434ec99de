"""The fetcher against a real TLS server: what it reaches, what it refuses, and what it gives up on."""

import threading

import anyio
import pytest

from app.fetch.answers import FetchFailed, Reason
from app.fetch.fetcher import STRANGERS, Asked, Fetcher
from tests.site import Answer, Authority, Names, SilentNames, Site, seen

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

LOOPBACK = ["127.0.0.1"]
REQUESTER = "192.0.2.1"


@pytest.fixture
def site(site: Site) -> Site:
    site.answers["/a"] = Answer(b"hello", headers={"Cache-Control": "max-age=60", "Set-Cookie": "a=b"})
    return site


async def failure(fetcher: Fetcher, url: str) -> Reason:
    with pytest.raises(FetchFailed) as raised:
        await fetcher.get(url, REQUESTER)
    return raised.value.reason


async def test_it_gets_what_is_there_and_says_who_it_is(fetcher: Fetcher, site: Site) -> None:
    fetched = await fetcher.get(site.url("/a"), REQUESTER)
    assert (fetched.status, fetched.body) == (200, b"hello")
    assert fetched.headers["cache-control"] == "max-age=60"
    method, path, headers, _ = site.seen[0]
    assert (method, path, headers["host"]) == ("GET", "/a", f"localhost:{site.port}")
    assert headers["user-agent"] == "shopping-list-mcp"
    assert not {"cookie", "authorization", "referer"} & headers.keys()


async def test_something_can_be_posted_and_a_refusal_is_an_answer(fetcher: Fetcher, site: Site) -> None:
    site.answers["/token"] = Answer(b'{"error":"invalid_grant"}', status=400)
    headers = {"Authorization": "Basic x"}
    fetched = await fetcher.request(Asked(site.url("/token"), "POST", headers, b"code=a+b"))
    assert (fetched.status, fetched.body) == (400, b'{"error":"invalid_grant"}')
    method, _, sent, body = site.seen[0]
    assert (method, sent["authorization"], body) == ("POST", "Basic x", b"code=a+b")


async def test_no_cookie_is_kept_for_the_next_time(fetcher: Fetcher, site: Site) -> None:
    await fetcher.get(site.url("/a"), REQUESTER)
    await fetcher.get(site.url("/a"), REQUESTER)
    assert all("cookie" not in headers for _, _, headers, _ in site.seen)


async def test_no_proxy_of_the_environment_is_used(
    fetcher: Fetcher, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await fetcher.get(site.url("/a"), REQUESTER)).body == b"hello"


async def test_a_name_is_looked_up_once_and_its_certificate_is_checked(authority: Authority, site: Site) -> None:
    names = Names({"app.example": [LOOPBACK], "other.example": [LOOPBACK]})
    fetcher = Fetcher(resolve_host=names, allow_loopback=True, ca_file=authority.ca_file)
    assert (await fetcher.get(site.url("/a", "app.example"), REQUESTER)).body == b"hello"
    assert names.asked == ["app.example"]
    assert site.seen[0][2]["host"] == f"app.example:{site.port}"
    assert await failure(fetcher, site.url("/a", "other.example")) is Reason.UNREACHABLE
    assert site.asked("/a") == 1


async def test_an_unknown_authority_is_not_believed(site: Site) -> None:
    assert await failure(Fetcher(allow_loopback=True), site.url("/a")) is Reason.UNREACHABLE
    assert site.seen == []


async def test_the_second_answer_of_a_name_server_comes_too_late(authority: Authority, site: Site) -> None:
    names = Names({"app.example": [LOOPBACK, ["169.254.169.254"]]})
    fetcher = Fetcher(resolve_host=names, allow_loopback=True, ca_file=authority.ca_file)
    assert (await fetcher.get(site.url("/a", "app.example"), REQUESTER)).body == b"hello"
    assert names.asked == ["app.example"]
    assert await failure(fetcher, site.url("/a", "app.example")) is Reason.REFUSED


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:10.0.0.1"], ["1.1.1.1", "10.0.0.1"]],
)
async def test_one_private_address_of_a_name_is_enough_to_refuse_it(addresses: list[str], site: Site) -> None:
    fetcher = Fetcher(resolve_host=Names({"app.example": [addresses]}))
    assert await failure(fetcher, site.url("/a", "app.example")) is Reason.REFUSED
    assert site.seen == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433"])
async def test_without_leave_this_machine_is_out_of_reach(host: str, site: Site) -> None:
    assert await failure(Fetcher(), site.url("/a", host)) is Reason.REFUSED
    assert site.seen == []


async def test_leave_for_this_machine_is_none_for_its_neighbours(authority: Authority) -> None:
    fetcher = Fetcher(allow_loopback=True, ca_file=authority.ca_file)
    for address in ("10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "0.0.0.1", "[fd00::1]"):
        assert await failure(fetcher, f"https://{address}/a") is Reason.REFUSED


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/a",
        "ftp://app.example/a",
        "file:///etc/passwd",
        "app.example/a",
        "https:///a",
        "",
    ]
    + ["https://user@app.example/a", "https://user:password@app.example/a", "https://app.example:x/a"]
    + [f"https://app.example:{port}/a" for port in (0, 65_536, 10**20)],
)
async def test_what_is_no_plain_https_address_is_refused_without_a_look_up(url: str) -> None:
    names = Names({})
    assert await failure(Fetcher(resolve_host=names), url) is Reason.REFUSED
    assert names.asked == []


@pytest.mark.proves("""ci-200 MUST CIMD §4
    Anything but 200 is an error, and redirects are not followed.
    Here: Only 200 counts, and no redirect is followed.""")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404), Reason.GONE),
        (Answer(status=410), Reason.GONE),
        (Answer(status=204), Reason.UNUSABLE),
        (Answer(status=418), Reason.UNUSABLE),
        (Answer(status=500), Reason.UNREACHABLE),
        (Answer(status=503), Reason.UNREACHABLE),
        (Answer(b"a" * 5121), Reason.UNUSABLE),
        (Answer(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), Reason.UNUSABLE),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_every_other_answer_has_its_reason(answer: Answer, reason: Reason, fetcher: Fetcher, site: Site) -> None:
    site.answers["/b"] = answer
    assert await failure(fetcher, site.url("/b")) is reason


@pytest.mark.proves("ci-no-cache-errors")
async def test_a_site_that_does_not_want_us_does_not_say_that_nothing_is_there(fetcher: Fetcher, site: Site) -> None:
    for status in (401, 403, 407, 408, 425, 429):
        site.answers["/b"] = Answer(status=status)
        assert await failure(fetcher, site.url("/b")) is Reason.UNREACHABLE


@pytest.mark.proves("ci-200")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int, fetcher: Fetcher, site: Site) -> None:
    site.answers["/b"] = Answer(status=status, headers={"Location": site.url("/a")})
    assert await failure(fetcher, site.url("/b")) is Reason.UNUSABLE
    assert site.asked("/a") == 0


@pytest.mark.proves("ci-size")
async def test_five_kilobytes_are_not_too_much_and_more_can_be_asked_for(fetcher: Fetcher, site: Site) -> None:
    site.answers["/b"] = Answer(b"a" * 5120)
    assert len((await fetcher.get(site.url("/b"), REQUESTER)).body) == 5120
    site.answers["/c"] = Answer(b"a" * 60_000)
    assert len((await fetcher.get(site.url("/c"), REQUESTER, limit_bytes=60_000)).body) == 60_000


@pytest.mark.proves("ci-size")
async def test_an_answer_that_does_not_come_is_given_up(authority: Authority, site: Site) -> None:
    site.answers["/b"] = site.never
    fetcher = Fetcher(seconds=3, allow_loopback=True, ca_file=authority.ca_file)
    assert await failure(fetcher, site.url("/b")) is Reason.UNREACHABLE
    assert site.asked("/b") == 1


async def test_nobody_listening_and_an_unknown_name_are_network_faults(fetcher: Fetcher, site: Site) -> None:
    assert await failure(fetcher, "https://127.0.0.1:1/a") is Reason.UNREACHABLE
    names = Names({"empty.example": [[]]})
    for host in ("unknown.example", "empty.example"):
        assert await failure(Fetcher(resolve_host=names), f"https://{host}/a") is Reason.UNREACHABLE


async def test_the_next_address_is_tried_when_one_does_not_answer(authority: Authority, site: Site) -> None:
    names = Names({"app.example": [["127.0.0.2", "127.0.0.1"]]})
    fetcher = Fetcher(resolve_host=names, allow_loopback=True, ca_file=authority.ca_file)
    assert (await fetcher.get(site.url("/a", "app.example"), REQUESTER)).body == b"hello"


# What strangers can keep busy


async def ignored(fetcher: Fetcher, url: str, requester: str) -> None:
    with pytest.raises(FetchFailed):
        await fetcher.get(url, requester)


@pytest.mark.proves("""ci-places MUST own rule
    Fetches and look-ups that strangers cause take nothing from those of the issuers in the settings, nor key sets from
    documents.
    Here: Issuers, documents and key sets each have their own places and their own threads for names; a host of
    strangers has four places.""")
async def test_look_ups_of_strangers_that_nobody_waits_for_take_nothing_from_ours(
    authority: Authority, site: Site
) -> None:
    names = SilentNames()
    fetcher = Fetcher(resolve_host=names, seconds=600, allow_loopback=True, ca_file=authority.ca_file)
    try:
        async with anyio.create_task_group() as strangers:
            for number in range(STRANGERS.fetches.at_once + 6):
                strangers.start_soon(ignored, fetcher, f"https://n{number}.silent.example/keys", f"192.0.2.{number}")
            await seen(names.waiting, STRANGERS.look_ups.at_once)
            ours = await fetcher.request(Asked(site.url("/a"), chosen=site.url("")))
            assert ours.body == b"hello"
            document = await fetcher.get(site.url("/a"), "192.0.2.200", for_person=True)
            assert document.body == b"hello", "nor from what is for people who have signed in"
            strangers.cancel_scope.cancel()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ignored, fetcher, "https://late.silent.example/keys", "192.0.2.200")
            assert (await fetcher.request(Asked(site.url("/a"), chosen=site.url("")))).status == 200
            # The abandoned threads are still held: no further look-up of a stranger has begun.
            assert len(names.asked) == STRANGERS.look_ups.at_once + 3
            names.released.set()
        assert "late.silent.example" in names.asked
    finally:
        names.released.set()


@pytest.mark.proves("""ci-places-of-requester MUST own rule
    What one network address has us fetch takes little from the others, and keeps no process from ending.
    Here: It has 12 of 64 places and 6 of 32 look-ups (a /48 of IPv6 four times as much), which count until they end;
    their threads are daemons. What was not begun for one requester says nothing of the address, nor to another who
    waited for it.""")
async def test_one_requester_keeps_few_look_ups_until_they_end(authority: Authority, site: Site) -> None:
    names = SilentNames()
    fetcher = Fetcher(resolve_host=names, seconds=600, allow_loopback=True, ca_file=authority.ca_file)
    most = STRANGERS.look_ups_of_requester.at_once
    try:
        async with anyio.create_task_group() as tasks:
            for number in range(most + 3):
                url = f"https://n{number}.silent.example/keys"
                tasks.start_soon(ignored, fetcher, url, f"2001:db8:0:1::{number}")
            await seen(names.waiting, most)
            tasks.cancel_scope.cancel()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ignored, fetcher, "https://late.silent.example/keys", "2001:db8:0:1::f")
            assert (await fetcher.get(site.url("/a"), "2001:db8:0:2::1")).body == b"hello"
            # Nothing waits for the first ones now, but they still count.
            assert len(names.asked) == most + 1
            names.released.set()
        assert "late.silent.example" in names.asked
    finally:
        names.released.set()


@pytest.mark.proves("ci-places")
async def test_a_host_that_does_not_answer_keeps_few_places(authority: Authority, site: Site) -> None:
    arrived = threading.Semaphore(0)

    def never() -> Answer:
        arrived.release()
        return site.never()

    site.answers["/never"] = never
    fetcher = Fetcher(
        resolve_host=Names({"localhost": [LOOPBACK], "127.0.0.1": [LOOPBACK]}),
        seconds=600,
        allow_loopback=True,
        ca_file=authority.ca_file,
    )
    async with anyio.create_task_group() as tasks:
        for number in range(STRANGERS.fetches.at_once + 6):
            tasks.start_soon(ignored, fetcher, site.url("/never"), f"192.0.2.{number}")
        await seen(arrived, STRANGERS.of_host.at_once)
        assert (await fetcher.get(site.url("/a", "127.0.0.1"), REQUESTER)).body == b"hello"
        assert site.asked("/never") == STRANGERS.of_host.at_once
        tasks.cancel_scope.cancel()
