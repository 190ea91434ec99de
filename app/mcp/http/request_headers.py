"""The headers of a request, read once."""

from collections.abc import Iterable


class RequestHeaders(dict[str, str]):
    """The headers by their lower-case names. Of a header that was given twice this has the first value, as Starlette
    does, and its name is in `repeated`."""

    __slots__ = ("repeated",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        """Read the headers of an ASGI scope, whose names are in lower case."""
        super().__init__()
        self.repeated: set[str] = set()
        for raw_name, raw_value in raw:
            name = raw_name.decode("latin-1")
            if name in self:
                self.repeated.add(name)
            else:
                self[name] = raw_value.decode("latin-1")
