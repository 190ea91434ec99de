"""How often things may be done at the authorization server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PerMinute:
    """At most so many in a minute, from one address unless something else is said."""

    registrations: int = 60
    authorizations: int = 120
    sign_ins: int = 30
    """Of every kind, and whatever else asks for a password or sends a letter."""
    introspections: int = 600
    failures_of_client: int = 120
    """Of one client at one address."""
    failures_of_address: int = 1_200
    tokens: int = 120
    """Of one grant, in each process. Hosts refresh in bursts, one for each of their processes."""
    fetches: int = 60
    """From one host: documents, and as many key sets."""
