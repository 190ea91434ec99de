"""An external issuer: its metadata and its keys, fetched when they are needed and cached for a while."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

import anyio
import jwt
import structlog
from authlib.oauth2.rfc8414 import get_well_known_url as oauth_address  # pyright: ignore[reportUnknownVariableType]
from authlib.oidc.discovery import get_well_known_url as openid_address  # pyright: ignore[reportUnknownVariableType]
from pydantic import BaseModel, Field, ValidationError

from app.errors import Unavailable
from app.fetch.answers import Fetched, FetchFailed
from app.fetch.fetcher import Asked, Fetcher
from app.oauth.signing.jwk import read_jwk, usable_key
from app.runtime.clock import Clock, system_clock

MAX_RESPONSE: Final = 256 * 1024
"""Bytes. The key sets of the largest providers are a tenth of it."""

MOST_KEYS: Final = 100
REREAD_AFTER: Final = timedelta(minutes=10)
SHORTEST_REFETCH: Final = timedelta(seconds=30)
FIRST_RETRY: Final = timedelta(seconds=5)
"""How soon an issuer that has never answered is asked again."""

LONGEST_KEPT: Final = timedelta(hours=24)
"""How long the keys of an issuer that does not answer stay valid."""

IssuerKeys = Mapping[tuple[str, str], jwt.PyJWK]
"""Keys by `kid` and algorithm."""

_WELL_KNOWN: Final[tuple[Any, ...]] = (openid_address, oauth_address)

_log: Final = structlog.stdlib.get_logger("app.oauth")
_Document = TypeVar("_Document", bound=BaseModel)


class _Unusable(Exception):
    """A response that can't be used; the argument says why, without anything that was sent."""


class IssuerMetadata(BaseModel):
    """The members that are used (RFC 8414 section 2, OpenID Connect Discovery section 3, RFC 9207 section 3)."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class KeySet(BaseModel):
    """A JWK Set (RFC 7517 section 5) as it was fetched."""

    keys: list[dict[str, Any]] = Field(max_length=MOST_KEYS)


@dataclass(frozen=True, slots=True)
class _Known:
    metadata: IssuerMetadata
    keys: IssuerKeys
    read_at: datetime


def usable_keys(fetched: KeySet, algorithms: Iterable[str]) -> IssuerKeys:
    """Return the keys that may verify signatures of these algorithms.

    A key for another use, of another type, without an id, or too short is left out; so are symmetric ones, whatever
    they claim to be. Of two with the same id and algorithm the first counts.
    """
    found: dict[tuple[str, str], jwt.PyJWK] = {}
    for members in fetched.keys:
        jwk = read_jwk(members)
        if jwk is None or jwk.kid is None:
            continue
        for algorithm in algorithms:
            key = usable_key(jwk, algorithm)
            if key is not None:
                found.setdefault((jwk.kid, algorithm), key)
    return found


class RemoteIssuer:
    """One issuer. Of many requests that need it at once one fetches, and the others wait for it; those that have the
    key they need don't wait at all.

    While it does not answer, what is known stays valid for LONGEST_KEPT.
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
        """Return the issuer's metadata. Raises `Unavailable` when it can't be fetched."""
        return (await self._current()).metadata

    async def verification_key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """Return the key with that id for that algorithm; None when the issuer has none.

        For an unknown id the keys are fetched again, though not more often than every 30 seconds.
        Raises `Unavailable` when the issuer can't be reached, so that nobody knows whether it has such a key.
        """
        key = (await self._current()).keys.get((kid, algorithm))
        if key is None:
            key = (await self._reread()).keys.get((kid, algorithm))
        if key is None and self._is_away:
            raise self._unavailable()
        return key

    async def _current(self) -> _Known:
        known = self._valid()
        if known is not None and (self._clock() - known.read_at < REREAD_AFTER or self._reading.locked()):
            return known
        return await self._reread()

    def _valid(self) -> _Known | None:
        known = self._known
        return None if known is None or self._clock() - known.read_at >= LONGEST_KEPT else known

    async def _reread(self) -> _Known:
        async with self._reading:
            now = self._clock()
            pause = FIRST_RETRY if self._valid() is None else SHORTEST_REFETCH
            if self._tried_at is None or now - self._tried_at >= pause:
                self._tried_at = now
                await self._read(now)
        known = self._valid()
        if known is None:
            raise self._unavailable()
        return known

    async def _read(self, now: datetime) -> None:
        self._is_away = True  # and stays so when this is cancelled
        try:
            metadata = await self._discover()
            fetched = _parse(KeySet, await self._fetch(metadata.jwks_uri))
        except (FetchFailed, _Unusable) as failure:
            _log.warning("issuer does not answer as it should", issuer=self.identifier, reason=str(failure))
        else:
            self._known = _Known(metadata, usable_keys(fetched, self._algorithms), now)
            self._is_away = False

    async def _discover(self) -> IssuerMetadata:
        """Fetch the metadata from OpenID's URL, else from OAuth's; it must name this issuer (RFC 8414 section 3.3)."""
        urls = cast("list[str]", [url(self.identifier, external=True) for url in _WELL_KNOWN])
        response = await self._request(urls[0])
        body = response.body if response.status == 200 else await self._fetch(urls[1])
        metadata = _parse(IssuerMetadata, body)
        if metadata.issuer != self.identifier:
            raise _Unusable("its metadata names another issuer")
        return metadata

    async def _fetch(self, url: str) -> bytes:
        response = await self._request(url)
        if response.status != 200:
            raise _Unusable(f"status {response.status}")
        return response.body

    async def _request(self, url: str) -> Fetched:
        return await self._fetcher.request(Asked(url, limit_bytes=MAX_RESPONSE, chosen=self.identifier))

    def _unavailable(self) -> Unavailable:
        return Unavailable(
            f"{self._name} can't be reached right now. Try again shortly.",
            retry_after=int(SHORTEST_REFETCH.total_seconds() if self._known else FIRST_RETRY.total_seconds()),
        )


def _parse(model: type[_Document], body: bytes) -> _Document:
    try:
        return model.model_validate_json(body)
    except ValidationError:
        raise _Unusable(f"what it sent is no {model.__name__}") from None
