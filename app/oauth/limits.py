"""How often one address may ask the authorization server for something, in any 60 seconds."""

from dataclasses import dataclass

from app.oauth.failures import Failures
from app.oauth.fetch_limits import FetchLimits
from app.ops.counters import Counters
from app.ops.rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class PerMinute:
    """The figures; docs/configuration.md explains them to those who run a service."""

    registrations: int = 60
    authorizations: int = 120
    sign_ins: int = 30
    introspections: int = 600
    failures_of_client: int = 120
    """Of one client at one address."""
    failures_of_address: int = 1_200
    fetches: int = 60
    """From one host: documents, and as many key sets, because anyone can register keys at a host, but only who signed
    in has documents fetched."""
    fetches_for_requester: int = 30
    """On behalf of one network address, from addresses that have not answered well before."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The same as counters."""

    registrations: RateLimit
    authorizations: RateLimit
    sign_ins: RateLimit
    introspections: RateLimit
    failures: Failures
    documents: FetchLimits
    key_sets: FetchLimits


def limits_of(per_minute: PerMinute, counters: Counters, *, enabled: bool) -> Limits:
    """Limits that count in `counters`, where every process that shares them counts together."""

    def limit(name: str, most: int) -> RateLimit:
        return RateLimit(most, enabled=enabled, name=name, counters=counters)

    def fetches(name: str) -> FetchLimits:
        return FetchLimits(limit(name, per_minute.fetches), limit(f"{name}-for", per_minute.fetches_for_requester))

    return Limits(
        registrations=limit("registrations", per_minute.registrations),
        authorizations=limit("authorizations", per_minute.authorizations),
        sign_ins=limit("sign-ins", per_minute.sign_ins),
        introspections=limit("introspections", per_minute.introspections),
        failures=Failures(
            limit("failures-of-client", per_minute.failures_of_client),
            limit("failures", per_minute.failures_of_address),
        ),
        documents=fetches("documents"),
        key_sets=fetches("key-sets"),
    )
