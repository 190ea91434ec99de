"""What the consent page says after it was answered."""

import httpx
import pytest

from app.oauth.tables import grants
from tests.db.looking import count
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import consent_page

pytestmark = pytest.mark.anyio

CONSENT = "/oauth/consent"


@pytest.mark.proves("""cn-first-answer SHOULD own rule
    The person learns which answer counted.
    Here: In a second tab and after Back, in the browser that answered and in no other.""")
@pytest.mark.parametrize(
    ("decision", "other", "said"),
    [("approve", "deny", "You approved A test client"), ("deny", "approve", "You denied A test client")],
)
async def test_the_first_answer_counts_in_a_second_tab_and_after_back(
    server: RunningServer, http: httpx.AsyncClient, email: str, decision: str, other: str, said: str
) -> None:
    _, page = await consent_page(http, server.url, email)
    await Browser(http).submit(page, CONSENT, decision=decision)
    made = await count(server.engine, grants)
    for again in (
        await Browser(http).submit(page, CONSENT, decision=other),
        await Browser(http).open(str(page.response.url)),
    ):
        assert again.status == 400
        assert again.title == "You have answered already"
        assert said in again.text
        assert "The first answer counts" in again.text
        assert again.link("/access")
    assert await count(server.engine, grants) == made


async def test_another_browser_is_told_nothing(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    _, page = await consent_page(http, server.url, email)
    await Browser(http).approve(page)
    async with server.browser() as other:
        again = await Browser(other).open(str(page.response.url))
        assert "out of date" in again.text
        assert "A test client" not in again.text
