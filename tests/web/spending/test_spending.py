"""The page of what a household spent, and of who owes whom."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from bs4 import Tag
from starlette.applications import Starlette

from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.oauth.browser import Page
from tests.web.lists.conftest import Member, SignIn
from tests.web.lists.pages import ListBrowser

pytestmark = pytest.mark.anyio

MARKUP = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "]]></svg><b>"]


async def at(browser: ListBrowser, **asked: str) -> Page:
    """The page of the browser's household."""
    query = "".join(f"&{name}={quote(value)}" for name, value in asked.items())
    return await browser.open(f"/spending?household={browser.household}{query}")


def table(page: Page, caption: str) -> list[list[str]]:
    """The rows of the table with this caption."""
    found = next(each for each in page.soup.find_all("table") if each.find("caption", string=caption) is not None)
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in found.select("tbody tr")]


def drawings(page: Page) -> list[str]:
    """What the drawings say to those who don't see them."""
    return [each.get_text() for each in page.soup.select("svg[role=img] > desc")]


async def buy(assistant: McpClient, *items: dict[str, object], **on: object) -> None:
    """Record things that were bought."""
    await assistant.call("record_purchase", items=list(items), **on)


async def test_what_was_spent_is_drawn_and_in_tables(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("add_items", items=[{"name": "butter", "category": "Dairy"}])
    await buy(assistant, {"item": "butter", "price": 2.5}, {"item": "salt", "price": 1}, store="Market")
    await buy(assistant, {"item": "tea", "price": 4}, {"item": "gift"})
    page = await at(anna)
    assert page.title == "What was spent"
    month = f"{datetime.now(UTC):%B %Y}"
    assert table(page, "By month, EUR") == [[month, "€7.50", "3"]]
    assert table(page, "By store, EUR") == [["no store", "€4.00", "1"], ["Market", "€3.50", "2"]]
    assert ["Dairy", "€2.50", "1"] in table(page, "By category, EUR")
    assert table(page, "By who bought it, EUR") == [["Ada", "€7.50", "3"]]
    assert drawings(page)[0] == f"{month}: €7.50"
    assert drawings(page)[1] == "no store: €4.00, Market: €3.50"
    assert "1 purchase has no price" in page.text
    assert all(each.find("title") is not None for each in page.soup.select("svg[role=img]"))
    assert "style" not in {name for each in page.soup.select("svg, svg *") for name in each.attrs}, "the policy"


async def test_a_month_leads_to_its_purchases(anna: ListBrowser, member: Member, assistant: McpClient) -> None:
    await buy(assistant, {"item": "2 l milk", "price": 2.5}, {"item": "gift"}, store="Market", date="2020-01-31")
    async with member("editor") as ben:
        await ben.open("/lists")
        await buy(assistant, {"item": "tea", "price": 4}, date="2020-02-28", paid_by="Ben")
        await buy(assistant, {"item": "salt", "price": 1}, date="2020-03-01")
        page = await anna.open((await at(anna, months="all")).link("/spending/2020-02"))
        assert page.title == "February 2020"
        assert page.soup.select("p.total")[0].get_text(" ", strip=True) == "€4.00 in 1 purchase"
        (row,) = table(page, "Purchases, the latest first")
        assert [" ".join(each.split()) for each in row] == ["tea", "Feb 28, 2020", "Ada paid by Ben", "€4.00"]
        assert table(await ben.open(str(page.response.url)), "Purchases, the latest first") == [row]


async def test_a_month_has_pages(anna: ListBrowser, assistant: McpClient) -> None:
    things: list[dict[str, object]] = [{"item": f"thing {number}", "price": 1} for number in range(60)]
    await buy(assistant, *things, date="2020-02-10")
    page = await anna.open(f"/spending/2020-02?household={anna.household}")
    assert len(table(page, "Purchases, the latest first")) == 50
    older = await anna.open(page.link("cursor="))
    rest = table(older, "Purchases, the latest first")
    assert len(rest) == 10
    assert len({each[0] for each in [*table(page, "Purchases, the latest first"), *rest]}) == 60
    assert older.link(f"/spending/2020-02?household={anna.household}")
    assert "€60.00" in older.text
    nonsense = await anna.open(f"/spending/2020-02?household={anna.household}&cursor=nonsense")
    assert len(table(nonsense, "Purchases, the latest first")) == 50


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "x", "0001-01", "9999-12", "2026-2", "2020-02-01", "²026-01", "%00"]
)
async def test_what_is_no_month_is_not_found(anna: ListBrowser, month: str) -> None:
    assert (await anna.open(f"/spending/{month}?household={anna.household}")).status == 404


async def test_a_month_of_a_household_is_its_members_alone(
    anna: ListBrowser, factory: Factory, sign_in: SignIn, assistant: McpClient, member: Member
) -> None:
    await buy(assistant, {"item": "tea", "price": 4}, date="2020-02-28")
    address = f"/spending/2020-02?household={anna.household}"
    async with member("viewer", "Vera") as vera:
        assert "tea" in (await vera.open(address)).text
        await assistant.call("update_member", person="Vera", role="remove")
        assert (await vera.open(address)).status == 404
    stranger, _ = await factory.person("Eve")
    async with sign_in(stranger) as eve:
        assert (await eve.open(address)).status == 404
        assert "Nothing was bought then." in (await eve.open("/spending/2020-02")).text


@pytest.mark.parametrize("text", MARKUP)
async def test_what_was_bought_is_shown_as_text(anna: ListBrowser, assistant: McpClient, text: str) -> None:
    await assistant.call("add_items", items=[{"name": text}])
    await buy(assistant, {"item": "i1", "price": 4}, store=text, date="2020-02-28")
    page = await anna.open(f"/spending/2020-02?household={anna.household}")
    assert page.status == 200
    assert page.soup.find("img") is None or "x" not in {str(each.get("src")) for each in page.soup("img")}
    assert page.soup.find("b") is None
    assert table(page, "Purchases, the latest first")[0][0].strip() == text


async def test_who_owes_whom_is_told(anna: ListBrowser, member: Member, assistant: McpClient) -> None:
    async with member("editor") as ben:
        await buy(assistant, {"item": "tea", "price": 4})
        page = await at(anna)
        assert "Ben owes Ada €2.00." in page.text
        paid = [["Ada", "€4.00", "€2.00", "€2.00"], ["Ben", "€0.00", "€2.00", "-€2.00"]]
        assert sorted(table(page, "Who paid")) == paid
        assert sorted(table(await at(ben), "Who paid")) == paid


async def test_currencies_are_never_added_up(anna: ListBrowser, assistant: McpClient) -> None:
    for currency in ("EUR", "CHF", "USD", "GBP"):
        await assistant.call("save_household", currency=currency)
        await buy(assistant, {"item": "tea", "price": 4})
    page = await at(anna)
    assert len([each for each in page.soup.find_all("caption") if str(each.string).startswith("By month")]) == 3
    assert len(page.soup.select("p.total")) == 4
    assert "The three currencies in which most was spent are shown." in page.text


@pytest.mark.parametrize("months", ["1", "3", "12", "all", "0", "-1", "x", "\0", "9" * 500])
async def test_any_period_is_answered(anna: ListBrowser, assistant: McpClient, months: str) -> None:
    await buy(
        assistant,
        {
            "item": "old",
            "price": 9,
        },
        date="2020-02-29",
    )
    await buy(assistant, {"item": "tea", "price": 4})
    page = await at(anna, months=months)
    assert page.status == 200
    total = page.soup.select("p.total strong")[0].get_text()
    assert total == ("€13.00" if months == "all" else "€4.00")
    current = page.soup.select("nav.ways a[aria-current]")
    assert len(current) == 1


async def test_nothing_spent_is_said(anna: ListBrowser) -> None:
    page = await at(anna)
    assert "Nothing with a price yet." in page.text
    assert page.soup.find("svg", role="img") is None


async def test_in_german_amounts_and_months_are_german(anna: ListBrowser, assistant: McpClient) -> None:
    await buy(assistant, {"item": "oven", "price": 1234.5})
    anna.http.headers["Accept-Language"] = "de"
    page = await at(anna)
    assert "1.234,50\N{NO-BREAK SPACE}€" in page.response.text
    assert [each["lang"] for each in page.soup.find_all("html")] == ["de"]


async def test_viewers_see_it_and_strangers_and_removed_members_do_not(
    anna: ListBrowser, member: Member, assistant: McpClient, factory: Factory, sign_in: SignIn
) -> None:
    await buy(assistant, {"item": "tea", "price": 4})
    async with member("viewer", "Vera") as vera:
        assert "€4.00" in (await at(vera)).text
        await assistant.call("update_member", person="Vera", role="remove")
        refused = await at(vera)
        assert (refused.status, "€4.00" in refused.text) == (404, False)
    stranger, _ = await factory.person("Sam")
    async with sign_in(stranger) as sam:
        refused = await sam.open(f"/spending?household={anna.household}")
        assert (refused.status, "€4.00" in refused.text) == (404, False)
        assert "Nothing with a price yet." in (await at(sam)).text


async def test_who_is_signed_out_is_asked_to_sign_in(app: Starlette, settings: Settings) -> None:
    async with http_to(app, settings) as http:
        response = await http.get("/spending")
        assert response.headers["location"] == "/account/sign-in?next=%2Fspending"


@pytest.mark.parametrize("text", MARKUP)
async def test_stored_text_is_text_in_tables_and_drawings(anna: ListBrowser, assistant: McpClient, text: str) -> None:
    await assistant.call("add_items", items=[{"name": "tea", "category": text}])
    await buy(assistant, {"item": "tea", "price": 4}, store=text)
    page = await at(anna)
    assert table(page, "By store, EUR") == [[text, "€4.00", "1"]]
    assert table(page, "By category, EUR") == [[text, "€4.00", "1"]]
    assert f"{text}: €4.00" in drawings(page)
    main = page.soup.find("main")
    assert isinstance(main, Tag)
    assert main.find_all(["script", "img", "b"]) == []


async def test_of_several_households_one_is_shown(
    anna: ListBrowser, assistant: McpClient, factory: Factory, ada: Connected
) -> None:
    await buy(assistant, {"item": "tea", "price": 4})
    _, other = await factory.person("Sam")
    await factory.join(ada.person, other, "viewer")
    page = await anna.open("/spending")
    assert "€4.00" in page.text
    links = [each for each in page.soup.select("nav.ways a") if not each.has_attr("aria-current")]
    assert "€4.00" not in (await anna.open(str(links[0]["href"]))).text
