"""The same with the service as its own process, without an authorization server, in two worker processes."""

import httpx
import pytest

from app.config import Settings
from tests.issuers.conftest import Resource
from tests.oidc_provider.process import RemoteControl
from tests.service import running_service

pytestmark = pytest.mark.anyio


async def test_a_resource_server_with_two_workers_needs_the_issuer_only(
    settings: Settings, issuer: RemoteControl, plain_issuer: RemoteControl
) -> None:
    pure = settings.model_copy(update={"auth_server": "off", "workers": 2})
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
