"""Whose address a request has: what uvicorn, as we run it, makes of X-Forwarded-For."""

from typing import Any

import httpx
import pytest
import uvicorn

from app.db import Engine
from app.limits.defaults import REGISTRATIONS
from app.serve import uvicorn_options
from app.settings import Settings
from tests.oauth.conftest import start
from tests.oauth.tokens import REDIRECT_URI

pytestmark = pytest.mark.anyio

PROXY = "192.0.2.10"


@pytest.mark.proves("""as-proxy-sanitised MUST RFC 9700 §4.13
    What a proxy says of a request can't be forged by its sender.
    Here: Addresses come from X-Forwarded-For only of proxies in FORWARDED_ALLOW_IPS; host and scheme never come from
    headers.""")
@pytest.mark.parametrize(
    ("believed", "forwarded", "statuses"),
    [
        (None, ["203.0.113.1", "203.0.113.2"], [201, 429]),
        ("192.0.2.99", ["203.0.113.1", "203.0.113.2"], [201, 429]),
        ("192.0.2.0/24", ["203.0.113.1", "203.0.113.2"], [201, 201]),
        (PROXY, ["203.0.113.1, 198.51.100.1", "203.0.113.2, 198.51.100.1"], [201, 429]),
    ],
    ids=["nobody is believed", "another proxy is believed", "its network is believed", "not what was sent to it"],
)
async def test_an_address_is_taken_from_a_proxy_that_is_named_and_from_nobody_else(
    settings: Settings,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    believed: str | None,
    forwarded: list[str],
    statuses: list[int],
) -> None:
    if believed is None:
        monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    else:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", believed)
    is_on = settings.model_copy(update={"limits": True})
    server = await start(is_on, engine, rates={REGISTRATIONS: 1})
    served: Any = uvicorn.Config(server.app, **uvicorn_options(settings))
    served.load()
    transport = httpx.ASGITransport(app=served.loaded_app, client=(PROXY, 50000))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_origin) as http:
        for address, status in zip(forwarded, statuses, strict=True):
            answer = await http.post(
                "/oauth/register", json={"redirect_uris": [REDIRECT_URI]}, headers={"X-Forwarded-For": address}
            )
            assert answer.status_code == status
