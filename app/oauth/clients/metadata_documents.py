"""Clients whose id is the URL of their metadata document (draft-ietf-oauth-client-id-metadata-document)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.db import Engine, transaction
from app.errors import LimitReached
from app.fetch.answers import FetchFailed, Reason
from app.fetch.fetcher import Fetcher
from app.fetch.freshness import lifetime_of
from app.limits.defaults import DOCUMENTS_OF_HOST
from app.limits.rate_limit import RateLimited
from app.oauth.clients.fetch_limits import BUSY_SECONDS, FetchLimits
from app.oauth.clients.metadata import INVALID_REDIRECT_URI, ClientMetadata, Line, checked_metadata, metadata_error
from app.oauth.clients.models import PUBLIC, SECRET_METHODS, Client, ClientKind, Document
from app.oauth.clients.policy import ClientPolicy, host_of
from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.clients.repository import drop_document, find_document, save_document
from app.oauth.errors import OAuthError, invalid_request
from app.runtime.clock import Clock
from app.runtime.single_flight import SingleFlight

SHORTEST_LIFE: Final = timedelta(minutes=5)
LONGEST_LIFE: Final = timedelta(hours=24)
STALE_FOR: Final = timedelta(hours=24)

_log: Final = structlog.stdlib.get_logger("app.oauth.documents")


class _Identified(BaseModel):
    """The one member that shows that a document is meant as one for this client id."""

    model_config = ConfigDict(extra="allow", strict=True)

    client_id: str


class _Metadata(ClientMetadata):
    client_name: Line  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    redirect_uris: Annotated[list[str], Field(min_length=1, max_length=50)]
    # The default of RFC 7591 needs a secret, which no document can hold.
    token_endpoint_auth_method: Line = PUBLIC


def _unusable() -> OAuthError:
    """Until a document has shown that it is meant as one, the error tells nothing of what is at the URL."""
    return invalid_request("The document at the client_id can not be used.")


def read_document(client_id: str, body: bytes, private_schemes: Collection[str]) -> tuple[Client, dict[str, Any]]:
    """Return the client that the document fetched from `client_id` describes, and all its metadata (section 4.1).

    The document's `client_id` must be that URL, byte for byte. It has a name, and no secret. Redirect URIs that are not
    accepted here are ignored, because a document speaks to every server; at least one must be left. Raises
    `OAuthError`.
    """
    try:
        identified = _Identified.model_validate_json(body)
    except ValidationError:
        raise _unusable() from None
    if identified.client_id != client_id:
        raise _unusable()
    if any(name.startswith("client_secret") for name in identified.model_extra or {}):
        raise invalid_request("The document holds a client_secret.")
    try:
        given = _Metadata.model_validate_json(body)
    except ValidationError as error:
        raise metadata_error(error) from None
    if given.token_endpoint_auth_method in SECRET_METHODS:
        raise invalid_request("token_endpoint_auth_method of a document must be none or private_key_jwt.")
    redirect_uris = [uri for uri in given.redirect_uris if redirect_uri_error(uri, private_schemes) is None]
    if not redirect_uris:
        raise OAuthError(INVALID_REDIRECT_URI, "None of the redirect_uris is accepted here.")
    metadata = checked_metadata(given.model_copy(update={"redirect_uris": redirect_uris}))
    client = Client(
        id=client_id,
        kind=ClientKind.DOCUMENT,
        name=metadata["client_name"],
        redirect_uris=tuple(redirect_uris),
        token_endpoint_auth_method=given.token_endpoint_auth_method,
        jwks=metadata.get("jwks"),
        jwks_uri=metadata.get("jwks_uri"),
    )
    return client, metadata


class MetadataDocuments:
    """Finds clients by their documents, which are stored in the database for all processes.

    `limits` say how often hosts are asked, and on whose behalf.
    """

    def __init__(
        self, policy: ClientPolicy, engine: Engine, fetcher: Fetcher, limits: FetchLimits, clock: Clock
    ) -> None:
        self._policy = policy
        self._engine = engine
        self._fetcher = fetcher
        self._limits = limits
        self._clock = clock
        self._flights: SingleFlight[Client] = SingleFlight(personal=LimitReached)

    async def find(self, client_id: str, person_id: UUID, requester: str) -> Client:
        """Return the client that the document at `client_id` describes; fetch the document unless it is fresh.

        Call it only for a person who has signed in, and never inside a transaction: it can take seconds. `requester` is
        their network address. Raises `OAuthError`; `LimitReached` when the host was asked too often, by anyone or on
        behalf of this person or network address; and `Unavailable`.
        """
        reason = self._policy.client_id_error(client_id)
        if reason is not None:
            raise invalid_request(f"The client_id is refused. {reason}")
        stored = await self._find_stored(client_id)
        if stored is not None and self._clock() < stored.fresh_until:
            return stored.client
        return await self._flights.do(client_id, partial(self._fetch, client_id, person_id, requester))

    async def _find_stored(self, client_id: str) -> Document | None:
        async with transaction(self._engine) as connection:
            return await find_document(connection, client_id)

    async def _fetch(self, client_id: str, person_id: UUID, requester: str) -> Client:
        # Again: another request may have fetched it just before this one began.
        stored, now = await self._find_stored(client_id), self._clock()
        if stored is not None and now < stored.fresh_until:
            return stored.client
        stale = stored.client if stored is not None and now < stored.stale_until else None
        try:
            await self._limits.check(client_id, requester, person_id, known=stale is not None)
        except RateLimited:
            if stale is not None:
                return stale
            _log.info("document not fetched", host=host_of(client_id), reason="limit")
            raise
        try:
            fetched = await self._fetcher.get(client_id, requester, for_person=True)
        except FetchFailed as failure:
            _log.info("document not fetched", host=host_of(client_id), reason=str(failure.reason))
            return await self._after_failure(client_id, failure.reason, stale, now)
        self._limits.succeeded(client_id)
        try:
            if not fetched.is_json:
                raise _unusable()
            client, metadata = read_document(client_id, fetched.body, self._policy.redirect_schemes)
        except OAuthError:
            _log.info("document refused", host=host_of(client_id))
            await self._drop(client_id, now)
            raise
        life = min(max(lifetime_of(fetched.headers, now), SHORTEST_LIFE), LONGEST_LIFE)
        document = Document(client, now + life, now + life + STALE_FOR)
        async with transaction(self._engine) as connection:
            await save_document(connection, document, metadata, now)
        return client

    async def _after_failure(self, client_id: str, reason: Reason, stale: Client | None, now: datetime) -> Client:
        """Return the stale client where it may still be used. Raises as `find` does."""
        if reason is Reason.BUSY:
            if stale is None:
                raise DOCUMENTS_OF_HOST.refusal(BUSY_SECONDS, host_of(client_id))
            return stale
        if reason is Reason.UNREACHABLE:
            if stale is None:
                raise _unusable()
            self._limits.failed(client_id)
            return stale
        await self._drop(client_id, now)
        raise _unusable()

    async def _drop(self, client_id: str, now: datetime) -> None:
        async with transaction(self._engine) as connection:
            await drop_document(connection, client_id, now)
