"""Which client ids and redirect URIs are accepted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.oauth.clients.redirects import redirect_uri_error


def is_document_id(client_id: str) -> bool:
    """Whether a client id is the URL of a metadata document. Ids that this server assigns never look like one."""
    return "://" in client_id


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """What the operator accepts; host patterns are as in `CLIENT_ID_HOSTS_ALLOWED`, where none means every host."""

    redirect_schemes: Sequence[str] = ()
    hosts_allowed: Sequence[str] = ()
    hosts_denied: Sequence[str] = ()

    @property
    def accepts_documents(self) -> bool:
        """Whether any client can be known by its metadata document."""
        return "*" not in self.hosts_denied

    def client_id_error(self, client_id: str) -> str | None:
        """Return what is wrong with the URL of a document, for its developer; None when it may be fetched.

        The rules for redirect URIs hold (no user information, fragment or dot segment), and it must be https with a
        path (draft-ietf-oauth-client-id-metadata-document section 3).
        """
        reason = redirect_uri_error(client_id, ())
        if reason is not None:
            return reason
        parts = urlsplit(client_id)
        if parts.scheme != "https":
            return "It is not https."
        if parts.path in ("", "/"):
            return "It has no path."
        host = host_of(client_id)
        is_allowed = not self.hosts_allowed or _is_among(host, self.hosts_allowed)
        return None if is_allowed and not _is_among(host, self.hosts_denied) else "Its host is not accepted here."

    def accepts_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether responses may be sent to this URI of any client."""
        return redirect_uri_error(redirect_uri, self.redirect_schemes) is None


def host_of(client_id: str) -> str:
    """Return the host of a URL, in one spelling."""
    return (urlsplit(client_id).hostname or "").rstrip(".")


def _is_among(host: str, patterns: Iterable[str]) -> bool:
    """`*.example.org` means every host below example.org, and not that host itself; `*` means every host."""
    return any(host.endswith(each[1:]) if each.startswith("*") else host == each for each in patterns)
