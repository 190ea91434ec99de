"""The pages of access, of what happened and of what was spent, in a real browser."""

import re
from typing import Any

import httpx

from tests.browsers.visitor import Visitor
from tests.journeys.product import Product


def call(product: Product, key: str, tool: str, **arguments: Any) -> int:
    """Call a tool with an API key; the status."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json, text/event-stream"}
    return httpx.post(product.mcp_url, json=body, headers=headers).status_code


def somebody_looks_after_their_access(visitor: Visitor, product: Product) -> None:
    """Make a key, see what it did, undo it, see what was spent, and end the key: its next call is 401."""
    visitor.sign_up()
    visitor.page.wait_for_url("**/account*")
    visitor.page.locator("header nav a[href$='/access']").click()
    visitor.looks_right()
    visitor.page.locator("details summary").click()
    visitor.form("/access/key").locator("[name=level][value=change]").check()
    visitor.send("/access/key", name="Display")
    key = visitor.page.locator("section.done pre").inner_text()
    visitor.looks_right()
    assert call(product, key, "add_items", items=["milk", {"name": "tea", "category": "Drinks"}]) == 200
    assert call(product, key, "record_purchase", items=[{"item": "tea", "price": 2.5}], store="Market") == 200
    visitor.open("/access")
    visitor.page.locator("section.connected dd a").click()
    assert visitor.page.locator("ul.changes > li").count() == 2
    visitor.looks_right()
    visitor.page.locator("button[name=change][value=e1]").click()
    assert visitor.page.locator("ul.said li").count() == 2
    visitor.looks_right()
    visitor.page.locator("header nav a[href$='/spending']").click()
    assert visitor.page.locator("svg[role=img]").count() == 4
    assert visitor.page.locator("main table").count() == 5
    visitor.looks_right()
    visitor.page.locator("main table a").first.click()
    assert visitor.page.locator("main table tbody tr").count() == 1
    visitor.looks_right()
    visitor.page.locator("header nav a[href$='/access']").click()
    visitor.send("/access/end")
    visitor.page.wait_for_url("**/access?done=end")
    assert visitor.page.locator("section.connected").count() == 0
    assert call(product, key, "list_items") == 401
    visitor.send("/access/session")
    visitor.page.wait_for_url(re.compile("/account/sign-in"))


def test_access_is_given_watched_and_ended(visitor: Visitor, product: Product) -> None:
    somebody_looks_after_their_access(visitor, product)


def test_access_is_given_watched_and_ended_without_scripts(plain_visitor: Visitor, product: Product) -> None:
    somebody_looks_after_their_access(plain_visitor, product)
