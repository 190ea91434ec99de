"""Clients whose id is the address of a document that describes them (draft-ietf-oauth-client-id-metadata-document)."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from app.db import Engine, transaction
from app.errors import LimitReached
from app.fetch.answers import Fetched, FetchFailed, Reason
from app.fetch.fetcher import Fetcher
from app.fetch.freshness import lifetime_of
from app.limits.defaults import DOCUMENTS_OF_HOST
from app.limits.rate_limit import RateLimited
from app.oauth.clients.document import UNREADABLE, Described, read_document
from app.oauth.clients.fetch_limits import BUSY_SECONDS, FetchLimits
from app.oauth.clients.ids import client_id_error, host_of
from app.oauth.clients.repository import Client, Document, drop_document, find_document, save_document
from app.oauth.faults import OAuthFault, invalid_request
from app.runtime.clock import Clock
from app.runtime.single_flight import SingleFlight
from app.settings import Settings

SHORTEST_LIFE: Final = timedelta(minutes=5)
LONGEST_LIFE: Final = timedelta(hours=24)
STALE_FOR: Final = timedelta(hours=24)

_log: Final = structlog.stdlib.get_logger("app.oauth.documents")


class Documents:
    """Finds clients by their documents, which are kept in the database for all processes.

    `limits` say how often hosts are asked, and for whom.
    """

    def __init__(self, settings: Settings, engine: Engine, fetcher: Fetcher, limits: FetchLimits, clock: Clock) -> None:
        self._settings = settings
        self._engine = engine
        self._fetcher = fetcher
        self._limits = limits
        self._clock = clock
        self._flights: SingleFlight[Client | OAuthFault] = SingleFlight(personal=LimitReached)

    async def find(self, client_id: str, person_id: UUID, requester: str) -> Client | OAuthFault:
        """The client that the document at `client_id` describes; the document is fetched unless it is fresh.

        Call it only for a person who has signed in, and never inside a transaction: it can take seconds.
        `requester` is their network address. Raises `LimitReached` when its host, or any on behalf of the person or of
        that address, was asked too often, and `Unavailable`.
        """
        fault = client_id_error(self._settings, client_id)
        if fault is not None:
            return invalid_request(f"The client_id is refused. {fault}")
        kept = await self._kept(client_id)
        if kept is not None and self._clock() < kept.fresh_until:
            return kept.client
        return await self._flights.do(client_id, partial(self._fetch, client_id, person_id, requester))

    async def _kept(self, client_id: str) -> Document | None:
        async with transaction(self._engine) as connection:
            return await find_document(connection, client_id)

    async def _fetch(self, client_id: str, person_id: UUID, requester: str) -> Client | OAuthFault:
        # Once more: whoever came just after another had fetched it need not do so again.
        kept, now = await self._kept(client_id), self._clock()
        if kept is not None and now < kept.fresh_until:
            return kept.client
        stale = kept.client if kept is not None and now < kept.stale_until else None
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
            return await self._without(client_id, failure.reason, stale, now)
        self._limits.succeeded(client_id)
        described = read_document(self._settings, client_id, fetched.body)
        if isinstance(described, OAuthFault):
            _log.info("document refused", host=host_of(client_id))
            return await self._refuse(client_id, described, now)
        return await self._keep(described, fetched, now)

    async def _without(
        self, client_id: str, reason: Reason, stale: Client | None, now: datetime
    ) -> Client | OAuthFault:
        """What is left when the document could not be had."""
        if reason is Reason.BUSY:
            if stale is None:
                raise DOCUMENTS_OF_HOST.refusal(BUSY_SECONDS, host_of(client_id))
            return stale
        if reason is Reason.UNREACHABLE:
            if stale is None:
                return UNREADABLE
            self._limits.failed(client_id)
            return stale
        return await self._refuse(client_id, UNREADABLE, now)

    async def _keep(self, described: Described, fetched: Fetched, now: datetime) -> Client:
        life = min(max(lifetime_of(fetched.headers, now), SHORTEST_LIFE), LONGEST_LIFE)
        document = Document(described.client, now + life, now + life + STALE_FOR)
        async with transaction(self._engine) as connection:
            await save_document(connection, document, described.metadata, now)
        return document.client

    async def _refuse(self, client_id: str, fault: OAuthFault, now: datetime) -> OAuthFault:
        async with transaction(self._engine) as connection:
            await drop_document(connection, client_id, now)
        return fault
