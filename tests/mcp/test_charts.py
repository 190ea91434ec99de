"""Charts: what they show, and that stored text stays text in them."""

import base64
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from app.ui.charts import LONGEST_LABEL, MOST_BARS, MOST_POINTS, BarChart, LineChart
from tests.mcp.client import McpClient
from tests.mcp.test_get_spending import Bought, buy

HOSTILE = """<script>alert("1")</script><a href='https://x.example'>&]]>"""
NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
DRAWN_WITH = {f"{SVG}{name}" for name in ("svg", "g", "rect", "text", "line", "path", "circle")}


def texts_in(svg: str) -> list[str]:
    """The texts of an SVG image that is nothing but lines, shapes and texts."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        assert element.tag in DRAWN_WITH
        assert not any("href" in name or name.startswith("on") or "url(" in value for name, value in element.items())
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def bars_in(svg: str) -> int:
    """How many bars are drawn, beside the background."""
    return len(ElementTree.fromstring(svg).findall(f".//{SVG}rect")) - 1


async def charts_of(client: McpClient, **arguments: Any) -> list[str]:
    """The charts of a call of get_spending, whose numbers must be those of the same call without charts."""
    plain = await client.result("tools/call", {"name": "get_spending", "arguments": arguments})
    drawn = await client.result("tools/call", {"name": "get_spending", "arguments": {**arguments, "chart": True}})
    assert drawn["structuredContent"] == plain["structuredContent"]
    assert drawn["content"][: len(plain["content"])] == plain["content"]
    assert {each["type"] for each in plain["content"]} == {"text"}
    images = drawn["content"][len(plain["content"]) :]
    assert {(each["type"], each["mimeType"]) for each in images} <= {("image", "image/svg+xml")}
    return [base64.b64decode(each["data"], validate=True).decode() for each in images]


@pytest.mark.proves("rs-stored-text")
def test_stored_text_is_text_in_a_chart_and_nothing_else() -> None:
    for svg in (BarChart(HOSTILE, [(HOSTILE, Decimal(1))]).svg(), LineChart(HOSTILE, [(NOW, Decimal(1))]).svg()):
        assert HOSTILE[:20] in "".join(texts_in(svg))
        assert "<script" not in svg
    assert texts_in(BarChart("a\ufffeb\uffffc", [("d\uffffe", Decimal(1))]).svg())[0] == "abc"


@pytest.mark.parametrize("values", [["0"], ["0", "0"], ["0.01"], ["99999999.99", "0"], ["5", "5", "5"]])
def test_any_amount_can_be_drawn(values: list[str]) -> None:
    svg = BarChart("Spent", [(f"store {value}", Decimal(value)) for value in values]).svg()
    assert bars_in(svg) == len(values)
    assert {f"store {value}" for value in values} <= {text.split(" (")[0] for text in texts_in(svg)}


def test_groups_of_one_name_have_a_bar_each_and_long_names_are_shortened() -> None:
    svg = BarChart("Spent", [("Ada", Decimal(2)), ("Ada", Decimal(1)), ("x" * 200, Decimal(3))]).svg()
    assert bars_in(svg) == 3
    assert {"Ada", "Ada (2)", "x" * (LONGEST_LABEL - 1) + "…"} <= set(texts_in(svg))


@pytest.mark.parametrize(
    "moments",
    [
        [NOW],
        [NOW, NOW],
        [NOW, NOW + timedelta(seconds=1)],
        [NOW - timedelta(days=400), NOW],
        [datetime(1970, 1, 1, tzinfo=UTC), NOW, datetime(2120, 2, 29, tzinfo=UTC)],
    ],
)
@pytest.mark.parametrize("price", ["0", "1.19"])
def test_any_times_can_be_drawn(moments: list[datetime], price: str) -> None:
    svg = LineChart("Price of milk", [(moment, Decimal(price)) for moment in moments]).svg()
    root = ElementTree.fromstring(svg)
    assert "Price of milk" in texts_in(svg)
    drawn = root.findall(f".//{SVG}circle") if len(set(moments)) == 1 else root.findall(f".//{SVG}path")
    assert drawn


def test_a_chart_is_bounded() -> None:
    many = BarChart("Spent", [(f"{number} {'x' * 200}", Decimal(number)) for number in range(1000)]).svg()
    assert bars_in(many) == MOST_BARS
    history = LineChart("Price", [(NOW + timedelta(hours=n), Decimal(n % 7)) for n in range(MOST_POINTS * 10)]).svg()
    assert max(len(many), len(history)) < 20_000


@pytest.mark.anyio
async def test_each_currency_has_its_chart_when_one_is_asked_for(each_era: McpClient) -> None:
    assert await charts_of(each_era) == []
    await buy(
        each_era, [Bought(1250, "Depot", None, "EUR"), Bought(300, None, None, "EUR"), Bought(5, "Depot", None, "USD")]
    )
    euros, dollars = await charts_of(each_era)
    assert texts_in(euros)[0] == "Spent by store, EUR"
    assert {"Depot", "(none)"} <= set(texts_in(euros))
    assert texts_in(dollars)[0] == "Spent by store, USD"
    assert (bars_in(euros), bars_in(dollars)) == (2, 1)
    (months, _) = await charts_of(each_era, group_by="month")
    assert bars_in(months) == 1
    (prices, _) = await charts_of(each_era, item="thing")
    assert texts_in(prices)[0] == "Price of thing, EUR"


@pytest.mark.anyio
async def test_small_groups_are_drawn_together(client: McpClient) -> None:
    await client.call(
        "add_items", items=[{"name": f"thing {number}", "price": 100 - number} for number in range(MOST_BARS + 5)]
    )
    await client.call("check_items", items=[f"thing {number}" for number in range(MOST_BARS + 5)])
    (svg,) = await charts_of(client, group_by="item")
    assert bars_in(svg) == MOST_BARS
    assert "(others)" in texts_in(svg)
    assert "thing 18" in texts_in(svg)
    assert "thing 19" not in texts_in(svg)


@pytest.mark.anyio
async def test_the_library_is_loaded_by_the_first_chart(client: McpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.split(".")[0] == "leather"]:
        monkeypatch.delitem(sys.modules, name)
    await buy(client, [Bought(100, "Depot", None, "EUR")])
    await client.call("get_spending")
    assert "leather" not in sys.modules
