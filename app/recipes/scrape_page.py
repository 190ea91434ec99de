"""Read the recipe in a web page, in a process of its own: `python -m app.recipes.scrape_page`.

Strangers wrote the page, and what parses it takes as much time and memory as they like. So this process has limits of
both, no environment, and neither network nor other processes. It loads nothing of the service.

It reads a line of JSON with the page's address and charset from stdin, then the page, and writes the recipe as JSON-LD
of schema.org/Recipe. The exit status is `NO_RECIPE` where there is none.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any, Final

NO_RECIPE: Final = 3
CPU_SECONDS: Final = 10
LONGEST_STEPS: Final = 20_000
"""Characters; longer ones are left out."""

NICENESS: Final = 10
"""So that pages made to be slow take what the service leaves of the processors, and not half of them."""

MEMORY_BYTES: Final = 1024 * 1024 * 1024
"""Of addresses, not of what is in use: libraries that are loaded count too."""

_REFUSED_EVENTS: Final = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system")


def main() -> int:
    """Read a page and write its recipe. Return the exit status."""
    _limit_resources()
    first, _, body = sys.stdin.buffer.read().partition(b"\n")
    asked: dict[str, Any] = json.loads(first)
    scrapers, bs4 = import_module("recipe_scrapers"), import_module("bs4")
    _refuse_writing()  # until here, Python may keep what it compiled
    sys.addaudithook(_refuse_what_no_parser_needs)
    charset = [asked["charset"]] if asked["charset"] else []
    page = bs4.UnicodeDammit(body, charset, user_encodings=["utf-8"], is_html=True).unicode_markup
    try:
        found = scrapers.scrape_html(page or "", org_url=asked["url"], supported_only=False)
    except scrapers.NoSchemaFoundInWildMode:
        return NO_RECIPE
    recipe: dict[str, Any] = {
        "@type": "Recipe",
        "name": _value_of(found.title),
        "recipeYield": _value_of(found.yields),
        "recipeIngredient": _value_of(found.ingredients) or [],
    }
    steps = _value_of(found.instructions)
    if isinstance(steps, str) and len(steps) <= LONGEST_STEPS:
        recipe["recipeInstructions"] = steps
    if not recipe["recipeIngredient"]:
        return NO_RECIPE
    json.dump({name: value for name, value in recipe.items() if value is not None}, sys.stdout)
    return 0


def _value_of(read: Any) -> Any:
    """Return what a page says of one property; None where it says nothing that can be read."""
    try:
        return read()
    except Exception:  # a scraper raises whatever the page makes it raise
        return None


def _refuse_what_no_parser_needs(event: str, _: object) -> None:
    if event.startswith(_REFUSED_EVENTS):
        raise PermissionError(event)


def _limit_resources() -> None:
    if sys.platform == "win32":
        return
    import resource

    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if sys.platform == "linux":  # elsewhere the limit is not enforced, or can't be set
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _refuse_writing() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
