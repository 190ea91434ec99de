"""What the service does for changes that a browser held without a signal."""

from typing import Any

import httpx
import pytest

from app.ui.page_kit import NOBODY, PERSON, kept_for
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.oauth.browser import Browser
from tests.web.lists.conftest import Member
from tests.web.lists.pages import ListBrowser, bought, lines, said

pytestmark = pytest.mark.anyio


async def form_tokens(http: httpx.AsyncClient) -> dict[str, Any]:
    """What the service says of who is signed in."""
    response = await http.get("/lists/form-tokens")
    assert response.headers["cache-control"] == "no-store"
    return response.json()


async def token_of(browser: ListBrowser) -> str:
    """A fresh token for the forms of the browser's household."""
    return (await form_tokens(browser.http))["tokens"][browser.household]


async def post(browser: ListBrowser, form: str, token: str, **fields: str) -> httpx.Response:
    """Send a form as the script does that held it."""
    return await browser.http.post(
        f"/lists/L1/{form}?household={browser.household}",
        data={"form_token": token, "household": browser.household, **fields},
        headers={"X-List-Part": "1"},
    )


async def test_a_fresh_token_sends_what_was_held(anna: ListBrowser) -> None:
    token = await token_of(anna)
    answer = await post(anna, "add", token, text="2 eggs", key="one")
    assert (answer.status_code, answer.headers["x-list-part"]) == (200, "done")
    assert lines(await anna.open_list()) == ["2 eggs"]


async def test_nobody_is_named_and_nothing_given_to_who_is_signed_out(http: httpx.AsyncClient) -> None:
    told = await form_tokens(http)
    assert (told["person"], told["tokens"]) == (None, {})


@pytest.mark.proves("""li-held MUST own rule
    Changes that a browser held without a signal are sent in a session of the person who made them, and in no other.
    Here: A queue has the name of its person. It asks who is signed in, and its tokens are those of that session.""")
async def test_the_token_of_one_session_sends_nothing_in_another(anna: ListBrowser, member: Member) -> None:
    token = await token_of(anna)
    async with member("editor") as ben:
        assert (await form_tokens(ben.http))["person"] != (await form_tokens(anna.http))["person"]
        answer = await post(ben, "add", token, text="eggs", key="one")
        assert answer.status_code == 400
        assert "x-list-part" not in answer.headers  # by which the script knows to ask again
    assert lines(await anna.open_list()) == []


async def test_pages_name_whose_they_are(anna: ListBrowser, ada: Connected, http: httpx.AsyncClient) -> None:
    page = await anna.open("/lists")
    assert page.response.headers[PERSON] == kept_for(ada.person)
    assert f'data-person="{kept_for(ada.person)}"' in page.response.text
    assert str(ada.person.id) not in page.response.text
    page = await Browser(http).open("/account/sign-in")
    assert page.response.headers[PERSON] == NOBODY
    assert "data-person" not in page.response.text


async def test_a_tick_that_is_sent_again_takes_back_nothing_done_meanwhile(
    anna: ListBrowser, assistant: McpClient
) -> None:
    await anna.add(await anna.open_list(), "milk")
    token = await token_of(anna)
    first = await post(anna, "check", token, check="i1", key="one")
    await assistant.call("check_items", items=["milk"], checked=False)
    again = await post(anna, "check", token, check="i1", key="one")
    assert (first.status_code, again.status_code) == (200, 200)
    assert lines(await anna.open_list()) == ["milk"]
    await post(anna, "check", token, check="i1", key="two")
    assert bought(await anna.open_list()) == ["milk"]


async def test_a_tick_without_scripts_has_a_key_too(anna: ListBrowser, assistant: McpClient) -> None:
    page = await anna.add(await anna.open_list(), "milk\neggs")
    await anna.press(page, "check", "i1")
    await assistant.call("check_items", items=["milk"], checked=False)
    await anna.press(page, "check", "i1")  # the same form once more
    await anna.press(page, "check", "i2")  # another button of it
    page = await anna.open_list()
    assert (lines(page), bought(page)) == (["milk"], ["eggs"])
    page = await anna.press(page, "check", "i1")
    assert lines(page) == []


async def test_the_answer_says_whether_all_was_done(anna: ListBrowser) -> None:
    token = await token_of(anna)
    partly = await post(anna, "add", token, text="milk\n[x] bread", key="one")
    assert (partly.status_code, partly.headers["x-list-part"]) == (200, "partly")
    refused = await post(anna, "check", token, check="i9", key="two")
    assert (refused.status_code, refused.headers["x-list-part"]) == (404, "refused")
    assert "That is no longer on this list." in refused.text


async def test_an_addition_of_what_is_there_by_now_merges(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["3 lemons"])
    page = await anna.add(await anna.open_list(), "2 lemons")
    assert said(page)[0].startswith("Added to what was there already: 5 lemons")
