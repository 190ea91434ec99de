"""The same with the service as its own process: what it needs, and what it writes to its log."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from app.settings import Settings
from tests.issuers.conftest import Resource
from tests.issuers.test_oidc_login import Traveller
from tests.oidc_provider.issuer import CLIENT_ID, CLIENT_SECRET
from tests.oidc_provider.process import RemoteControl
from tests.service import running_service

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


async def test_a_resource_server_with_two_workers_needs_the_issuer_only(
    settings: Settings, issuer: RemoteControl, plain_issuer: RemoteControl
) -> None:
    pure = settings.model_copy(update={"auth_server": False, "workers": 2})
    with running_service(pure) as service:
        # In several workers the address is announced before anybody accepts connections on it.
        patient = httpx.AsyncHTTPTransport(retries=8)
        async with httpx.AsyncClient(base_url=service.url, timeout=60, transport=patient) as http:
            resource = Resource(http, pure)
            token, plain = resource.token(issuer), plain_issuer.sign(plain_issuer.claims(pure.resource), typ="JWT")
            await resource.client(token).call("add_items", items=["milk"])
            for _ in range(8):
                listed = await resource.client(token).call("list_items")
                assert [item["name"] for item in listed["items"]] == ["milk"]
                assert await resource.status(plain) == 200
            assert await resource.status(token[:-5]) == 401
            assert (await http.get("/.well-known/oauth-authorization-server")).status_code == 404
    log = "".join(service.log)
    for secret in (token, plain):
        assert secret not in log
    assert "Traceback" not in log


async def test_at_debug_level_nothing_secret_of_a_sign_in_is_in_the_log(
    settings: Settings, issuer: RemoteControl
) -> None:
    login = {
        "oidc_login_issuer": issuer.identifier,
        "oidc_login_client_id": CLIENT_ID,
        "oidc_login_client_secret": SecretStr(CLIENT_SECRET),
        "log_level": "debug",
    }
    with running_service(settings.model_copy(update=login)) as service:
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            traveller = Traveller(http, issuer)
            callback = await traveller.to_callback()
            assert (await traveller.browser.open(callback)).has_form("/oauth/consent")
            cookie = http.cookies["shopping_session"]
    log = "".join(service.log)
    sent = dict(parse_qsl(urlsplit(callback).query))
    assert "/oauth/upstream/callback" in log
    for secret in (CLIENT_SECRET, sent["state"], sent["code"], cookie, "verifier", "id_token"):
        assert secret not in log
