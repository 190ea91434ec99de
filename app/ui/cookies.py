"""The one cookie of browsers."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

NAME: Final = "shopping_session"
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class BrowserCookie:
    """Reads and writes the cookie, under one name.

    Over https it is `__Host-` and Secure: no other host and no plain connection can set or read it. Browsers refuse
    both over plain http, so a local service uses the name without the prefix.
    """

    def __init__(self, public_url: str) -> None:
        self._secure = public_url.startswith("https://")
        self.name = f"__Host-{NAME}" if self._secure else NAME

    def read(self, request: Request) -> str | None:
        """Return the cookie's value, or None if it is absent or malformed."""
        value = request.cookies.get(self.name, "")
        return value if _SHAPE.fullmatch(value) else None

    def write(self, response: Response, value: str, max_age: int | None = None) -> None:
        """Set the cookie for `max_age` seconds, or until the browser is closed."""
        response.set_cookie(
            self.name, value, max_age=max_age, path="/", secure=self._secure, httponly=True, samesite="lax"
        )
