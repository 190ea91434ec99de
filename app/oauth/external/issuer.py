"""An issuer elsewhere: its metadata and its keys, fetched when they are needed and kept for a while."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

import anyio
import jwt
import structlog
from authlib.oauth2.rfc8414 import get_well_known_url as oauth_address  # pyright: ignore[reportUnknownVariableType]
from authlib.oidc.discovery import get_well_known_url as openid_address  # pyright: ignore[reportUnknownVariableType]
from pydantic import BaseModel, ValidationError

from app.errors import Unavailable
from app.fetch.answers import FetchFailed
from app.fetch.fetcher import Fetcher
from app.oauth.external.keys import IssuerKeys, KeySet, usable_keys
from app.oauth.external.requests import asked_of
from app.runtime.clock import Clock, system_clock

REREAD_AFTER: Final = timedelta(minutes=10)
SHORTEST_REFETCH: Final = timedelta(seconds=30)
FIRST_RETRY: Final = timedelta(seconds=5)
"""How soon an issuer that has never answered is asked again."""

LONGEST_KEPT: Final = timedelta(hours=24)
"""How long the keys of an issuer that does not answer are good."""

_log: Final = structlog.stdlib.get_logger("app.oauth")
_Document = TypeVar("_Document", bound=BaseModel)


class _NotUsable(Exception):
    """What came is of no use; the argument says why, without anything that was sent."""


class IssuerMetadata(BaseModel):
    """The members that we use (RFC 8414 section 2, OpenID Connect Discovery section 3, RFC 9207 section 3)."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    metadata: IssuerMetadata
    keys: IssuerKeys
    read_at: datetime


class RemoteIssuer:
    """One issuer. Of many requests that need it at once one asks, and the others wait for its answer; those that have
    the key they need don't wait at all.

    While it does not answer, what is known stays good for LONGEST_KEPT.
    """

    def __init__(
        self,
        identifier: str,
        algorithms: Iterable[str],
        fetcher: Fetcher,
        *,
        clock: Clock = system_clock,
        name: str = "The identity provider",
    ) -> None:
        self.identifier: Final = identifier
        self._algorithms = tuple(algorithms)
        self._fetcher = fetcher
        self._clock = clock
        self._name = name
        self._reading = anyio.Lock()
        self._known: _Known | None = None
        self._tried_at: datetime | None = None
        self._is_away = False

    async def metadata(self) -> IssuerMetadata:
        """What the issuer says of itself. Raises `Unavailable` when that can't be had."""
        return (await self._current()).metadata

    async def verification_key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of that id for that algorithm; None when the issuer has none.

        For an unknown id the keys are fetched again, though not more often than every 30 seconds.
        Raises `Unavailable` when the issuer can't be asked: then nobody knows whether it has such a key.
        """
        key = (await self._current()).keys.get((kid, algorithm))
        if key is None:
            key = (await self._read_again()).keys.get((kid, algorithm))
        if key is None and self._is_away:
            raise self._unavailable()
        return key

    async def _current(self) -> _Known:
        known = self._good()
        if known is not None and (self._clock() - known.read_at < REREAD_AFTER or self._reading.locked()):
            return known
        return await self._read_again()

    def _good(self) -> _Known | None:
        known = self._known
        return None if known is None or self._clock() - known.read_at >= LONGEST_KEPT else known

    async def _read_again(self) -> _Known:
        async with self._reading:
            now = self._clock()
            pause = FIRST_RETRY if self._good() is None else SHORTEST_REFETCH
            if self._tried_at is None or now - self._tried_at >= pause:
                self._tried_at = now
                await self._read(now)
        known = self._good()
        if known is None:
            raise self._unavailable()
        return known

    async def _read(self, now: datetime) -> None:
        self._is_away = True  # so it stays when this is cancelled
        try:
            metadata = await self._discover()
            fetched = _parsed(KeySet, await self._fetched(metadata.jwks_uri))
        except (FetchFailed, _NotUsable) as failure:
            _log.warning("issuer does not answer as it should", issuer=self.identifier, reason=str(failure))
        else:
            self._known = _Known(metadata, usable_keys(fetched, self._algorithms), now)
            self._is_away = False

    async def _discover(self) -> IssuerMetadata:
        """The metadata at OpenID's address, else at OAuth's; it must be of this very issuer (RFC 8414 section 3.3)."""
        addresses = cast("list[str]", [address(self.identifier, external=True) for address in _WELL_KNOWN])
        answer = await self._fetcher.request(asked_of(self.identifier, addresses[0]))
        body = answer.body if answer.status == 200 else await self._fetched(addresses[1])
        metadata = _parsed(IssuerMetadata, body)
        if metadata.issuer != self.identifier:
            raise _NotUsable("its metadata names another issuer")
        return metadata

    async def _fetched(self, url: str) -> bytes:
        answer = await self._fetcher.request(asked_of(self.identifier, url))
        if answer.status != 200:
            raise _NotUsable(f"status {answer.status}")
        return answer.body

    def _unavailable(self) -> Unavailable:
        return Unavailable(
            f"{self._name} can't be reached right now. Try again shortly.",
            retry_after=int(SHORTEST_REFETCH.total_seconds() if self._known else FIRST_RETRY.total_seconds()),
        )


_WELL_KNOWN: Final[tuple[Any, ...]] = (openid_address, oauth_address)


def _parsed(kind: type[_Document], body: bytes) -> _Document:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        raise _NotUsable(f"what it sent is no {kind.__name__}") from None
