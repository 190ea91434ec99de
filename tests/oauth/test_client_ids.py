"""Client ids that are addresses: whose are accepted."""

import pytest

from app.oauth.clients.policy import ClientPolicy, is_document_id


@pytest.mark.proves("ci-hosts")
@pytest.mark.parametrize(
    ("host", "pattern", "matches"),
    [
        ("claude.ai", "claude.ai", True),
        ("CLAUDE.ai", "claude.ai", True),
        ("claude.ai.", "claude.ai", True),
        ("claude.ai:8443", "claude.ai", True),
        ("evil-claude.ai", "claude.ai", False),
        ("claude.ai.evil.example", "claude.ai", False),
        ("www.claude.ai", "claude.ai", False),
        ("www.claude.ai", "*.claude.ai", True),
        ("a.b.claude.ai.", "*.claude.ai", True),
        ("claude.ai", "*.claude.ai", False),
        ("evilclaude.ai", "*.claude.ai", False),
        ("claude.ai", "*", True),
    ],
)
def test_a_host_is_one_or_below_one(host: str, pattern: str, matches: bool) -> None:
    client_id = f"https://{host}/client.json"
    assert (ClientPolicy(hosts_allowed=[pattern]).client_id_error(client_id) is None) is matches
    assert (ClientPolicy(hosts_denied=[pattern]).client_id_error(client_id) is None) is not matches


def test_no_id_that_we_give_out_looks_like_an_address() -> None:
    assert not is_document_id("app_abc-DEF_123")
    assert is_document_id("https://app.example/client.json")
    assert is_document_id("http://app.example/client.json")


@pytest.mark.parametrize(
    "client_id",
    [
        "https://claude.ai/oauth/mcp-oauth-client-metadata",
        "https://chatgpt.com/oauth/abc123/client.json",
        "https://app.example:8443/client",
        "https://app.example/client?v=1",
        "https://xn--80ak6aa92e.example/client.json",
    ],
)
def test_honest_addresses_are_accepted(client_id: str) -> None:
    assert ClientPolicy().client_id_error(client_id) is None
