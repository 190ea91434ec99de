"""The names of browsers, from what they say of themselves."""

from importlib import import_module
from typing import Any


def browser_name(user_agent: str | None) -> tuple[str | None, str | None]:
    """Return the names of the browser and of its system, such as `Firefox` and `Linux`; None where it isn't known.

    It may be anything that was sent as the header User-Agent. The library has some thousand patterns and is loaded when
    it is first asked, which takes about half a second: call it in a thread.
    """
    if not user_agent:
        return None, None
    found: Any = import_module("ua_parser").parse(user_agent)
    return (
        found.user_agent.family if found.user_agent is not None else None,
        found.os.family if found.os is not None else None,
    )
