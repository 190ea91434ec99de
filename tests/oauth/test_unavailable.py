"""Without the database, pages and endpoints answer 503, and never that a token is invalid."""

from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from app.db import create_engine
from app.fetch.fetcher import fetcher_of
from app.main import authorization_server_routes
from app.people.passwords import PasswordHashing
from app.pubsub import PubSub
from app.web.lists.streams import ListStreams
from tests.oauth.conftest import RunningServer, unheard
from tests.oauth.tokens import REDIRECT_URI

pytestmark = pytest.mark.anyio

NOBODY = "postgresql://shopping_service:none@127.0.0.1:1/nowhere"


@pytest.mark.proves("""tk-db-down MUST own rule
    Without a database, no response says that a token is invalid.
    Here: The endpoints answer 503 with Retry-After.""")
@pytest.mark.proves("""rv-503 MUST RFC 7009 §2.2.1
    503 with Retry-After means that the token still stands.
    Here: Without a database the answer is 503 with Retry-After.""")
async def test_without_a_database_the_answer_is_503_and_when_to_come_back(server: RunningServer) -> None:
    engine = create_engine(NOBODY)
    context = replace(server.context, engine=engine)
    fetcher = fetcher_of(server.settings)
    changed: list[UUID] = []
    routes = authorization_server_routes(
        server.settings,
        context,
        fetcher,
        server.mailer,
        PasswordHashing(),
        unheard,
        changed.append,
        ListStreams(PubSub(NOBODY)),
    )
    app = Starlette(routes=routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=server.settings.public_origin) as http:
        answers = [
            await http.post(
                "/oauth/token", data={"grant_type": "refresh_token", "client_id": "a", "refresh_token": "b"}
            ),
            await http.post("/oauth/revoke", data={"client_id": "a", "token": "b"}),
            await http.post("/oauth/introspect", data={"client_id": "a", "token": "b"}),
            await http.post("/oauth/register", json={"redirect_uris": [REDIRECT_URI]}),
            await http.get("/oauth/authorize", params={"client_id": "a"}),
        ]
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
        assert (await http.get("/oauth/jwks.json")).status_code == 200
    await engine.dispose()
