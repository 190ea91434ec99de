"""Recipes in web pages: read from a real TLS server by a real process, and what attackers put in their place."""

import gzip
import json
import logging
from uuid import UUID

import pytest
import structlog

from app.errors import AppError, Invalid, LimitReached
from app.fetch.fetcher import Fetcher
from app.limits.defaults import PAGES_FOR_PERSON, PAGES_OF_HOST
from app.limits.rate_limit import RateLimiter
from app.recipes import web_page
from app.recipes.pasted import read_pasted
from app.recipes.web_page import PAGE_BYTES, RecipePages
from tests.site import Answer, Authority, Names, Site

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

PERSON = UUID(int=1)
ADDRESS = "192.0.2.1"
HTML = {"Content-Type": "text/html; charset=utf-8"}
SECRET = "the inner network's secret soup"


def page(recipe: object, *, before: str = "", behind: str = "") -> bytes:
    """A page with a recipe as JSON-LD."""
    script = f'<script type="application/ld+json">{json.dumps(recipe)}</script>'
    return f"<!doctype html><html><head>{before}{script}</head><body>{behind}</body></html>".encode()


def soup(name: str = "Leek soup") -> dict[str, object]:
    return {
        "@context": "https://schema.org",
        "@type": "Recipe",
        "name": name,
        "recipeYield": "4 servings",
        "recipeIngredient": ["1 l stock", "2 leeks", "salt"],
    }


MICRODATA = b"""<html><body itemscope itemtype="https://schema.org/Recipe"><h1 itemprop="name">Cr&ecirc;pes</h1>
<span itemprop="recipeYield">2</span><ul><li itemprop="recipeIngredient">200 g flour</li>
<li itemprop="recipeIngredient">3 eggs</li></ul></body></html>"""


@pytest.fixture
def pages(fetcher: Fetcher) -> RecipePages:
    return RecipePages(fetcher, RateLimiter())


async def read(pages: RecipePages, url: str) -> tuple[str | None, int | None, list[str]]:
    """The recipe at a URL: its name, servings and lines."""
    found = read_pasted(await pages.read(url, PERSON, ADDRESS), "url")
    return found.name, found.servings, [str(line) for line in found.lines]


async def refusal(pages: RecipePages, url: str) -> AppError:
    with pytest.raises(AppError) as raised:
        await pages.read(url, PERSON, ADDRESS)
    return raised.value


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (page(soup()), HTML, ("Leek soup", 4, ["1 l stock", "2 leeks", "salt"])),
        (page({"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, soup()]}), HTML, None),
        (page([{"@context": "https://schema.org", "@type": "BreadcrumbList"}, soup()]), HTML, None),
        (page(soup(), before="<meta charset=utf-8>"), {"Content-Type": "application/xhtml+xml"}, None),
        (MICRODATA, HTML, ("Crêpes", 2, ["200 g flour", "3 eggs"])),
        (
            page({**soup("Käsespätzle"), "recipeIngredient": ["1 kg Käse"]}).decode().encode("latin-1"),
            {"Content-Type": "text/html; charset=iso-8859-1"},
            ("Käsespätzle", 4, ["1 kg Käse"]),
        ),
        (page({**soup(), "recipeYield": None}), HTML, ("Leek soup", None, ["1 l stock", "2 leeks", "salt"])),
    ],
    ids=["plain", "graph", "list", "xhtml", "microdata", "latin-1", "no servings"],
)
async def test_a_recipe_is_read_however_its_page_says_it(
    pages: RecipePages,
    site: Site,
    body: bytes,
    headers: dict[str, str],
    expected: tuple[str, int | None, list[str]] | None,
) -> None:
    site.answers["/soup"] = Answer(body, headers=headers)
    assert await read(pages, site.url("/soup")) == (expected or ("Leek soup", 4, ["1 l stock", "2 leeks", "salt"]))
    _, _, sent, _ = site.seen[0]
    assert (sent["accept"], sent["user-agent"]) == ("text/html, application/xhtml+xml", "shopping-list-mcp")
    assert not {"cookie", "authorization", "referer"} & sent.keys()


async def test_redirects_are_followed_to_public_servers_and_no_further_than_three(
    pages: RecipePages, site: Site
) -> None:
    site.answers["/soup"] = Answer(page(soup()), headers=HTML)
    for number, to in enumerate(("/soup", "/r0", site.url("/r1"), "/r2")):
        site.answers[f"/r{number}"] = Answer(status=302, headers={"Location": to})
    assert (await read(pages, site.url("/r2")))[0] == "Leek soup"
    assert (await refusal(pages, site.url("/r3"))).field == "url"


# What attackers put in its place: all of it answers alike


@pytest.fixture
async def nothing_there(authority: Authority) -> str:
    """What is said when there is nothing at an address at all."""
    pages = RecipePages(Fetcher(resolve_host=Names({})), RateLimiter())
    return (await refusal(pages, "https://nowhere.example/soup")).message


@pytest.mark.proves("""pg-ssrf MUST MCP security_best_practices (SSRF);
    OWASP SSRF Prevention Cheat Sheet
    A page that a person names is fetched from public https servers only, and the answer tells nothing about others.
    Here: It goes through the one fetcher, redirects are checked one by one, and all that is no page is refused in the
    same words.""")
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "127.1", "2130706433"],
)
async def test_what_is_inside_the_network_is_out_of_reach(site: Site, host: str, nothing_there: str) -> None:
    site.answers["/soup"] = Answer(page(soup(SECRET)), headers=HTML)
    pages = RecipePages(Fetcher(), RateLimiter())
    assert (await refusal(pages, site.url("/soup", host))).message == nothing_there
    assert site.seen == []


@pytest.mark.proves("pg-ssrf")
@pytest.mark.parametrize(
    "location",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://inside.example/",
        "https://rebound.example/",
        "http://localhost/soup",
        "file:///etc/passwd",
        "https://user@localhost/",
        "https://\u2100.example:x/",
    ],
)
async def test_a_redirect_is_checked_like_an_address_that_a_person_names(
    authority: Authority, site: Site, location: str, nothing_there: str
) -> None:
    names = Names(
        {
            "localhost": [["127.0.0.1"]],
            "inside.example": [["10.0.0.1"]],
            "rebound.example": [["169.254.169.254"], ["127.0.0.1"]],
        }
    )
    pages = RecipePages(Fetcher(resolve_host=names, allow_loopback=True, ca_file=authority.ca_file), RateLimiter())
    site.answers["/soup"] = Answer(status=301, headers={"Location": location.encode("utf-8").decode("latin-1")})
    assert (await refusal(pages, site.url("/soup"))).message == nothing_there
    assert len(site.seen) == 1


@pytest.mark.proves("""pg-bounds MUST own rule
    A page of a stranger uses up neither the memory nor the time of the service.
    Here: It has 2 MiB, 12 seconds, no compression, and is read by a process of its own, which is ended after 15
    seconds.""")
@pytest.mark.parametrize(
    "answer",
    [
        Answer(page(soup(), behind="x" * PAGE_BYTES), headers=HTML),
        Answer(gzip.compress(page(soup(), behind="x" * 50_000_000)), headers={**HTML, "Content-Encoding": "gzip"}),
        Answer(page(soup()), headers={"Content-Type": "application/pdf"}),
        Answer(page(soup()), headers={"Content-Type": "text/plain"}),
        Answer(page(soup())),
        Answer(page(soup()), status=404, headers=HTML),
        Answer(page(soup()), status=403, headers=HTML),
        Answer(page(soup()), status=500, headers=HTML),
        Answer(page(soup()), status=204, headers=HTML),
        Answer(status=301),
    ],
    ids=["huge", "gzip bomb", "PDF", "plain text", "no type", "404", "403", "500", "204", "redirect to nowhere"],
)
async def test_what_is_no_page_is_refused_alike(
    pages: RecipePages, site: Site, answer: Answer, nothing_there: str
) -> None:
    site.answers["/soup"] = answer
    assert (await refusal(pages, site.url("/soup"))).message == nothing_there


@pytest.mark.proves("pg-bounds")
@pytest.mark.parametrize("answer", ["slow", "never"])
async def test_a_page_that_does_not_come_is_given_up(
    authority: Authority, site: Site, answer: str, nothing_there: str
) -> None:
    site.answers["/soup"] = site.never if answer == "never" else Answer(page(soup()), headers=HTML, slow=True)
    fetcher = Fetcher(seconds=3, allow_loopback=True, ca_file=authority.ca_file)
    assert (await refusal(RecipePages(fetcher, RateLimiter()), site.url("/soup"))).message == nothing_there


@pytest.mark.parametrize("url", ["", "http://app.example/", "soup", "ftp://app.example/", "https:/app.example/soup"])
async def test_what_is_no_address_of_a_page_names_the_argument(pages: RecipePages, url: str) -> None:
    assert (await refusal(pages, url)).field == "url"
    assert (await refusal(pages, f"https://app.example/{'x' * 2_000}")).field == "url"
    assert (await refusal(pages, "https://app.example/a\0b")).field == "url"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><p>No recipe here",
        b"\x00\xff\xfe" * 1_000,
        page({"@context": "https://schema.org", "@type": "Recipe", "name": "Air"}),
        page({"@context": "https://schema.org", "@type": "Recipe", "recipeIngredient": 7}),
        page([{"@context": 7, "@type": {"a": 1}}, 5, None]),
        b'<script type="application/ld+json">' + b"[" * 200_000 + b"</script>",
        b'<script type="application/ld+json">{"@type": "Recipe", </script>',
        b"<div>" * 300_000,
        b"<!DOCTYPE html [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><html>&a;</html>",
    ],
    ids=lambda body: str(body[:30]),
)
async def test_a_page_without_a_recipe_says_so(pages: RecipePages, site: Site, body: bytes) -> None:
    site.answers["/soup"] = Answer(body, headers=HTML)
    found = await refusal(pages, site.url("/soup"))
    assert (found.field, "no recipe" in found.message) == ("url", True)


@pytest.mark.proves("pg-bounds")
async def test_a_page_that_takes_too_long_to_read_is_given_up_and_its_process_ends(
    pages: RecipePages, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_page, "READ_SECONDS", 0.05)  # shorter than it takes to load the library
    site.answers["/soup"] = Answer(page(soup()), headers=HTML)
    assert "no recipe" in (await refusal(pages, site.url("/soup"))).message
    monkeypatch.undo()
    assert (await read(pages, site.url("/soup")))[0] == "Leek soup"


async def test_a_person_and_a_host_have_limits(fetcher: Fetcher, site: Site) -> None:
    site.answers["/soup"] = Answer(b"", headers=HTML)
    limited = RecipePages(fetcher, RateLimiter(rates={PAGES_FOR_PERSON: 1}))
    assert isinstance(await refusal(limited, site.url("/soup")), Invalid)
    assert isinstance(await refusal(limited, site.url("/soup")), LimitReached)
    site.answers["/again"] = Answer(status=302, headers={"Location": "/soup"})
    limited = RecipePages(fetcher, RateLimiter(rates={PAGES_OF_HOST: 1}))
    assert isinstance(await refusal(limited, site.url("/again")), LimitReached), "a redirect counts too"


async def test_nothing_of_an_address_is_logged(pages: RecipePages, caplog: pytest.LogCaptureFixture) -> None:
    with structlog.testing.capture_logs() as logged, caplog.at_level(logging.DEBUG):
        await refusal(pages, "https://127.0.0.1:1/secret?token=1")
    assert logged
    assert "secret" not in str(logged) + caplog.text
    assert "127.0.0.1" not in str(logged)
