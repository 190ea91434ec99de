"""Security headers of our pages."""

from collections.abc import Mapping
from typing import Final

# No script anywhere, no inline style, nothing from other hosts; forms go to us only.
FORM_PAGE: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A page that only sends the browser on: it loads nothing at all.
BARE_PAGE: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"

# Under `no-referrer` browsers send `Origin: null` with a form, which our Origin check refuses.
OWN_REFERRER: Final = "same-origin"
NO_REFERRER: Final = "no-referrer"


def page_headers(policy: str = FORM_PAGE, referrer: str = OWN_REFERRER) -> Mapping[str, str]:
    """Headers for one page. There is no Cross-Origin-Opener-Policy on purpose: hosts open our pages as a
    popup and need `window.opener` when the browser comes back to them."""
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": referrer,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
