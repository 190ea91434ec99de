"""The provider as tests use it: its process, and its issuers by remote control."""

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.documents import ROOT

_names = count(1)


@dataclass(frozen=True)
class RemoteControl:
    """One issuer in the other process."""

    identifier: str
    http: httpx.Client = field(repr=False)

    def set(self, **options: Any) -> None:
        """Change how the issuer behaves; `Issuer` in tests/oidc_provider/issuer.py lists the options."""
        self._call("set", options)

    def rotate(self) -> None:
        """Sign with a new key, and forget the one before."""
        self._call("rotate", {})

    def asked(self, document: str) -> int:
        """How often `metadata` or `jwks` was fetched."""
        return self._call("asked", {}).get(document, 0)

    def keys(self) -> list[dict[str, Any]]:
        """The published keys."""
        return self.http.get(f"{self.identifier}/jwks").json()["keys"]

    def claims(self, audience: str, **changes: Any) -> dict[str, Any]:
        """The claims of an access token for `audience`, with changes; None leaves one out."""
        now = int(time.time())
        right = {
            "iss": self.identifier,
            "aud": audience,
            "sub": "ada",
            "client_id": "an-assistant",
            "scope": "lists:read lists:write",
            "jti": f"token {next(_names)}",
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in {**right, **changes}.items() if value is not None}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token with these claims, signed with the issuer's key. Its type is at+jwt by default."""
        signed: str = self._call("sign", {"header": {"typ": "at+jwt", **header}, "claims": claims})
        return signed

    def sign_in(self, url: str) -> str:
        """Open an authorization request here as the chosen user; the address that the browser is sent to."""
        response = self.http.get(url)
        assert response.status_code == 302, response.text
        return response.headers["location"]

    def _call(self, action: str, body: dict[str, Any]) -> Any:
        # In ASCII, because some of what tests send can't be written in UTF-8.
        response = self.http.post(f"{self.identifier}/control/{action}", content=json.dumps(body))
        assert response.status_code == 200, response.text
        return response.json()


@dataclass(frozen=True)
class Provider:
    """The running process."""

    url: str
    process: subprocess.Popen[str]
    http: httpx.Client = field(repr=False)

    def issuer(self) -> RemoteControl:
        """An issuer that no other test uses."""
        return RemoteControl(f"{self.url}/issuer{next(_names)}", self.http)

    def stop(self) -> None:
        """End the process: from now on nobody answers."""
        self.process.terminate()
        self.process.wait()


@contextmanager
def running_provider() -> Generator[Provider]:
    """A provider in a process of its own, while the block runs."""
    command = [sys.executable, "-m", "tests.oidc_provider"]
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
        httpx.Client(trust_env=False) as http,
    ):
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "the provider did not start"
            yield Provider(f"http://127.0.0.1:{port}", process, http)
        finally:
            process.terminate()
