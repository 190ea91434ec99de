"""The addresses of resources: `shopping://{household}/lists` and `shopping://{household}/lists/{list}`, by refs."""

from typing import Final, NamedTuple

from mcp.shared.uri_template import UriTemplate

LISTS: Final = UriTemplate.parse("shopping://{household}/lists")
LIST: Final = UriTemplate.parse("shopping://{household}/lists/{list}")
LONGEST_URI: Final = 200


class Address(NamedTuple):
    """The refs in an address; `list` is None for the address of all lists of the household."""

    household: str
    list: str | None


def parse_uri(uri: str) -> Address | None:
    """The refs in an address, or None when it is not one, or not written the way we write it."""
    for template in (LISTS, LIST):
        found = template.match(uri, max_uri_length=LONGEST_URI)
        # Written differently (percent-encoded, say), one resource would have several addresses.
        if found is not None and template.expand(found) == uri:
            return Address(str(found["household"]), str(found["list"]) if "list" in found else None)
    return None
