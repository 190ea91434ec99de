"""Client ids that are addresses: what they may look like, and whose are accepted.

draft-ietf-oauth-client-id-metadata-document section 3.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from app.oauth.clients.redirects import redirect_uri_error
from app.settings import Settings


def is_document_id(client_id: str) -> bool:
    """Whether a client id is meant as the address of a document. Ids that we give out never look like one."""
    return "://" in client_id


def client_id_error(settings: Settings, client_id: str) -> str | None:
    """What is wrong with the address of a document, in words for its developer; None when it may be fetched.

    The rules for redirect URIs hold (no user information, fragment or dot segment), and it must be https with a path.
    """
    fault = redirect_uri_error(client_id, ())
    if fault is not None:
        return fault
    parts = urlsplit(client_id)
    if parts.scheme != "https":
        return "It is not https."
    if parts.path in ("", "/"):
        return "It has no path."
    host = host_of(client_id)
    if settings.client_id_hosts_allowed and not _is_among(host, settings.client_id_hosts_allowed):
        return "Its host is not accepted here."
    if _is_among(host, settings.client_id_hosts_denied):
        return "Its host is not accepted here."
    return None


def host_of(client_id: str) -> str:
    """The host of an address, in one spelling."""
    return (urlsplit(client_id).hostname or "").rstrip(".")


def _is_among(host: str, patterns: Iterable[str]) -> bool:
    """`*.example.org` means every host below example.org, and not that host itself; `*` means every host."""
    return any(host.endswith(each[1:]) if each.startswith("*") else host == each for each in patterns)


def are_documents_accepted(settings: Settings) -> bool:
    """Whether there can be any client with a document here."""
    return "*" not in settings.client_id_hosts_denied
