"""How often things may be done at the authorization server."""

from dataclasses import dataclass

from app.limits.counters import Counters
from app.limits.rate_limit import LocalLimit, RateLimit
from app.oauth.clients.fetch_limits import DocumentLimits, FetchLimits
from app.oauth.tokens.failures import Failures


@dataclass(frozen=True, slots=True)
class PerMinute:
    """At most so many in a minute, from one address unless something else is said."""

    registrations: int = 60
    authorizations: int = 120
    sign_ins: int = 30
    """Of every kind, and whatever else asks for a password or sends a letter."""
    introspections: int = 600
    """Of one client, in each process."""
    failures_of_client: int = 120
    """Of one client at one address, before they are all answered alike."""
    failures_of_address: int = 3_000
    """Before nothing from there is looked at: 50 a second are an attack, and cost about a fifth of a process."""
    tokens: int = 120
    """Of one grant or service account, in each process. Hosts refresh in bursts, one for each of their processes."""
    tokens_of_person: int = 600
    """Refreshed with all their grants, in each process."""
    key_sets_of_host: int = 60
    documents_of_host: int = 600
    """Far more than key sets: anyone can register keys at a host, but only who signed in has documents fetched."""
    fetches_for_requester: int = 30
    """On behalf of one network address, from addresses that have not answered well before; of each kind."""
    documents_for_requester_at_host: int = 10
    """The same, from one host."""
    documents_of_person: int = 10
    """The same, for one person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The same as counters."""

    registrations: RateLimit
    authorizations: RateLimit
    sign_ins: RateLimit
    introspections: LocalLimit
    tokens: LocalLimit
    tokens_of_person: LocalLimit
    failures: Failures
    documents: DocumentLimits
    key_sets: FetchLimits


def limits_of(per_minute: PerMinute, counters: Counters, *, enabled: bool) -> Limits:
    """Limits that count in `counters`, where every process that shares them counts together."""

    def limit(name: str, most: int) -> RateLimit:
        return RateLimit(most, enabled=enabled, name=name, counters=counters)

    def fetches(name: str, of_host: int) -> FetchLimits:
        return FetchLimits(limit(name, of_host), limit(f"{name}-for", per_minute.fetches_for_requester))

    return Limits(
        registrations=limit("registrations", per_minute.registrations),
        authorizations=limit("authorizations", per_minute.authorizations),
        sign_ins=limit("sign-ins", per_minute.sign_ins),
        introspections=LocalLimit(per_minute.introspections, enabled=enabled),
        tokens=LocalLimit(per_minute.tokens, enabled=enabled),
        tokens_of_person=LocalLimit(per_minute.tokens_of_person, enabled=enabled),
        failures=Failures(
            limit("failures-of-client", per_minute.failures_of_client),
            limit("failures", per_minute.failures_of_address),
        ),
        documents=DocumentLimits(
            fetches("documents", per_minute.documents_of_host),
            limit("documents-of-person", per_minute.documents_of_person),
            limit("documents-at-host-for", per_minute.documents_for_requester_at_host),
        ),
        key_sets=fetches("key-sets", per_minute.key_sets_of_host),
    )
