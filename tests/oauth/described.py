"""Clients that are described by a document on a site of the tests' own."""

import json
from typing import Any

from tests.oauth.tokens import REDIRECT_URI
from tests.site import Answer, Site

PATH = "/oauth/client.json"


def document_of(client_id: str, /, **members: Any) -> dict[str, Any]:
    """A document like those of well-known hosts; None leaves a member out."""
    described = {
        "client_id": client_id,
        "client_name": "A described client",
        "client_uri": "https://app.example",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        **members,
    }
    return {name: value for name, value in described.items() if value is not None}


def publish(
    site: Site, path: str = PATH, *, host: str = "localhost", headers: dict[str, str] | None = None, **members: Any
) -> str:
    """Put a document on the site; its address, which is the client id."""
    client_id = site.url(path, host)
    site.answers[path] = Answer(json.dumps(document_of(client_id, **members)).encode(), headers=headers or {})
    return client_id
