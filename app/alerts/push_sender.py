"""Sending one push: encrypted for its browser, and through the one fetcher, because a browser may name any address."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final, cast

import http_ece  # pyright: ignore[reportMissingTypeStubs]
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from app.alerts.models import PushAddress
from app.alerts.push_keys import PushKeys
from app.fetch.answers import FetchFailed, Reason
from app.fetch.fetcher import Asked, Fetcher

ANSWER_BYTES: Final = 4 * 1024
ENCODING: Final = "aes128gcm"
_GONE: Final = (404, 410)
_LATER: Final = (408, 425, 429)


class Outcome(Enum):
    """What became of a push."""

    SENT = auto()
    LATER = auto()
    """The push service can't take it now."""
    REFUSED = auto()
    """It takes this one at no time."""
    GONE = auto()
    """The browser's address has ended, or may not be reached."""


class PushSender:
    """Sends pushes. Never raises for what an address or its server does."""

    def __init__(self, fetcher: Fetcher, keys: PushKeys, secret_keys: Sequence[SecretStr]) -> None:
        self._fetcher = fetcher
        self.keys = keys
        self.secret_keys = secret_keys

    async def send(
        self,
        address: PushAddress,
        public_key: str,
        message: Mapping[str, Any],
        now: datetime,
        *,
        kept_for: timedelta,
        topic: str,
    ) -> Outcome:
        """Send a message to a browser that was given `public_key`.

        Its push service keeps it for `kept_for` while the browser is away, and of one `topic` the last alone.
        """
        authorization = self.keys.authorization(address.endpoint, public_key, now)
        if authorization is None:
            return Outcome.GONE
        headers = {
            "Authorization": authorization,
            "Content-Encoding": ENCODING,
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, int(kept_for.total_seconds()))),
            "Topic": topic,
            "Urgency": "normal",
        }
        content = encrypted(address, json.dumps(message, ensure_ascii=False).encode())
        asked = Asked(address.endpoint, "POST", headers, content, limit_bytes=ANSWER_BYTES, is_push=True)
        try:
            answer = await self._fetcher.request(asked)
        except FetchFailed as failed:
            return _of_failure(failed)
        if 200 <= answer.status < 300:
            return Outcome.SENT
        if answer.status in _GONE:
            return Outcome.GONE
        return Outcome.LATER if answer.status in _LATER else Outcome.REFUSED


def encrypted(address: PushAddress, content: bytes) -> bytes:
    """Return a message that only the browser can read (RFC 8291), with a new key pair of ours each time."""
    message = cast("Any", http_ece).encrypt(  # it has no types
        content,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=address.browser_key,
        auth_secret=address.auth_secret,
        version=ENCODING,
    )
    return cast("bytes", message)


def _of_failure(failed: FetchFailed) -> Outcome:
    if failed.reason is Reason.REFUSED:
        return Outcome.GONE
    return Outcome.LATER if failed.reason in (Reason.UNREACHABLE, Reason.BUSY) else Outcome.REFUSED
