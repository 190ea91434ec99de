"""Recipes from web pages: the page through the one fetcher, the recipe in it by recipe-scrapers, in another process."""

import json
import sys
from collections.abc import Awaitable, Callable
from email.message import Message
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL
from typing import Final
from uuid import UUID

import anyio
import httpx2
import structlog

from app.errors import Invalid, StartupError, Unavailable
from app.fetch.answers import Fetched, FetchFailed, Reason, Redirected
from app.fetch.fetcher import Fetcher
from app.limits.concurrency import Slots, take
from app.limits.defaults import PAGES_FOR_PERSON, PAGES_OF_HOST, PAGES_READ
from app.limits.rate_limit import RateLimiter
from app.recipes.scrape_page import NO_RECIPE
from app.settings import Settings
from app.text import check_text

PAGE_BYTES: Final = 2 * 1024 * 1024
LONGEST_URL: Final = 2_000
MOST_REDIRECTS: Final = 3
FETCH_SECONDS: Final = 12
"""For a page with its redirects."""

READ_SECONDS: Final = 15
BUSY_SECONDS: Final = 10

_ROOT: Final = Path(__file__).parents[2]
_KINDS: Final = ("text/html", "application/xhtml+xml")
_log: Final = structlog.stdlib.get_logger("app.recipes.pages")


class RecipePages:
    """Reads recipes in web pages that people name.

    A page that can't be read is always refused in the same words: they would tell what is in the network of the
    service otherwise.
    """

    def __init__(self, fetcher: Fetcher, limiter: RateLimiter) -> None:
        """Raises `StartupError` without the library."""
        if find_spec("recipe_scrapers") is None:
            raise StartupError("RECIPE_IMPORT=on needs the package recipe-scrapers, which requirements.txt has")
        self._fetcher = fetcher
        self._limiter = limiter
        self._slots = Slots(PAGES_READ)

    async def read(self, url: str, person_id: UUID, requester: str | None) -> str:
        """Return the recipe at a URL as JSON-LD of schema.org/Recipe; `requester` is the person's network address.

        It takes seconds, so call it outside of any transaction. Raises `Invalid` for a URL without a page or a page
        without a recipe, `LimitReached` for too many, and `Unavailable` when too many are being read.
        """
        check_text(url, "url")
        if len(url) > LONGEST_URL:
            raise Invalid(f"url has {len(url):,} characters; {LONGEST_URL:,} is the limit.", field="url")
        if not url.lower().startswith("https://"):
            raise Invalid("url must begin with https://.", field="url")
        await self._limiter.check(PAGES_FOR_PERSON, person_id)
        try:
            with anyio.fail_after(FETCH_SECONDS):
                last_url, fetched = await self._fetch(url, requester)
        except TimeoutError:
            raise _unreadable() from None
        except FetchFailed as failure:
            _log.info("page not fetched", reason=str(failure.reason))
            if failure.reason is Reason.BUSY:
                raise _busy() from None
            raise _unreadable() from None
        return await self._scrape(last_url, fetched)

    async def _fetch(self, url: str, requester: str | None) -> tuple[str, Fetched]:
        """Return the page, and its address after redirects, each of which is checked like the first one."""
        try:
            here = httpx2.URL(url)
            for _ in range(MOST_REDIRECTS + 1):
                await self._limiter.check(PAGES_OF_HOST, here.host)
                try:
                    return str(here), await self._fetcher.get_page(str(here), requester, limit_bytes=PAGE_BYTES)
                except Redirected as redirect:
                    here = here.join(redirect.location)
        except httpx2.InvalidURL:
            raise FetchFailed(Reason.REFUSED) from None
        raise FetchFailed(Reason.UNUSABLE)

    async def _scrape(self, url: str, fetched: Fetched) -> str:
        kind = Message()
        kind["Content-Type"] = fetched.headers.get("content-type", "")
        if kind.get_content_type() not in _KINDS:
            raise _unreadable()
        asked = json.dumps({"url": url, "charset": kind.get_content_charset()}).encode()
        try:
            slot = await take(self._slots.of(), seconds=PAGES_READ.seconds)
        except TimeoutError:
            raise _busy() from None
        with slot:
            try:
                with anyio.fail_after(READ_SECONDS):
                    ended = await anyio.run_process(
                        [sys.executable, "-m", "app.recipes.scrape_page"],
                        input=asked + b"\n" + fetched.body,
                        stderr=DEVNULL,
                        cwd=_ROOT,
                        env={},
                        check=False,
                        start_new_session=True,  # Ctrl-C ends this process, which ends that one
                    )
            except TimeoutError:
                raise _without_recipe() from None
        if ended.returncode != 0:
            if ended.returncode != NO_RECIPE:
                _log.info("page not read", status=ended.returncode)
            raise _without_recipe()
        return ended.stdout.decode()


ReadPage = Callable[[str, UUID, str | None], Awaitable[str]]
"""Returns the recipe at a URL as JSON-LD, for a person at a network address: `RecipePages.read`."""


def page_reader(settings: Settings, fetcher: Fetcher, limiter: RateLimiter) -> ReadPage | None:
    """Return what reads recipes in web pages; None where the settings don't allow it. Raises as `RecipePages` does."""
    return RecipePages(fetcher, limiter).read if settings.recipe_import else None


def _unreadable() -> Invalid:
    return Invalid("url leads to no page that can be read from here. Paste the recipe in text instead.", field="url")


def _without_recipe() -> Invalid:
    message = "The page at url has no recipe that can be read. Paste it in text instead."
    return Invalid(message, field="url")


def _busy() -> Unavailable:
    return Unavailable("Too many pages are being read. Try again in a few seconds.", retry_after=BUSY_SECONDS)
