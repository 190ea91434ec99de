"""HTTP/1.1 connections within bounds: uvicorn's protocol has no limits of its own for what comes before a body."""

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

LARGEST_HEAD: Final = 32 * 1024
"""In bytes: the request line and all headers, and in the same way everything behind a chunked body (trailers)."""

MOST_HEADERS: Final = 100
LONGEST_URL: Final = 8 * 1024

HEAD_SECONDS: Final = 10
"""How long a connection may be without a complete request: at its start, from the first byte of the next one, and
while the rest of a body comes that was answered already."""

STALLED_SECONDS: Final = 60
"""How long a client may read nothing of what waits for it."""

CLOSING_SECONDS: Final = 1
"""How long a refusal may take to arrive. A socket that is closed with unread data in it sends a reset, which can
overtake the answer."""

MOST_PIPELINED: Final = 20
"""Requests that wait behind one that is being answered."""

CONNECTIONS: Final = 4_000
"""Open connections of a process. Above it requests get 503, and a tenth above it connections are closed at once."""

DESCRIPTORS: Final = CONNECTIONS * 3 // 2
"""What a process needs for that many connections, and for files, its databases and what it fetches."""

_MESSAGES: Final = {
    HTTPStatus.BAD_REQUEST: "Invalid HTTP request received.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time; send it again.",
    HTTPStatus.REQUEST_URI_TOO_LONG: f"The address is longer than {LONGEST_URL:,} bytes.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The headers are too large: at most {MOST_HEADERS} lines and {LARGEST_HEAD:,} bytes with the request line."
    ),
}


def connections_within(descriptors: int) -> int:
    """Return how many connections a process may have that may open so many descriptors."""
    return min(CONNECTIONS, descriptors * 2 // 3)


class _Refused(Exception):
    """Stops the parser from within its callbacks."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection whose heads, trailers and silence end.

    What is received goes to the parser in pieces of at most LARGEST_HEAD. `_unfinished` counts the bytes of the pieces
    in which nothing began or was complete, so it bounds what the parser keeps: twice LARGEST_HEAD. A head that is
    complete is measured exactly, if it was in more than one piece.
    """

    head_seconds: ClassVar[float] = HEAD_SECONDS
    stalled_seconds: ClassVar[float] = STALLED_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._unfinished = 0
        self._head_open = False
        self._head_spans = False
        self._ended = False
        self._refusal: HTTPStatus | None = None
        self._head_timer: TimerHandle | None = None
        self._stalled_timer: TimerHandle | None = None
        self._closing_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency * 11 // 10:
            transport.abort()
            return
        self._head_timer = self.loop.call_later(self.head_seconds, self._no_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        for timer in (self._head_timer, self._stalled_timer, self._closing_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if len(data) <= LARGEST_HEAD:
            self._receive(data)
        else:
            for start in range(0, len(data), LARGEST_HEAD):
                self._receive(data[start : start + LARGEST_HEAD])
        # Bytes end the wait of a kept connection for its next request, so this timer takes over; more bytes don't
        # prolong it, whether they are a head, empty lines, or a body that nobody reads any more.
        if self._head_timer is None and not self._ended and (self._head_open or self._is_unused()):
            self._head_timer = self.loop.call_later(self.head_seconds, self._no_head)

    def _receive(self, piece: bytes) -> None:
        if self._ended or self.transport.is_closing():
            return
        self._unfinished += len(piece)
        super().data_received(piece)
        self._head_spans = self._head_open
        if self._unfinished > LARGEST_HEAD:
            is_address = self._head_open and len(self.url) > LONGEST_URL
            too_large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG if is_address else too_large)

    def on_message_begin(self) -> None:
        self._head_open = True
        self._head_spans = False
        self._unfinished = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come here as well, and uvicorn would add them to the headers, where a proxy could not remove them.
        if self._head_open:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.url) > LONGEST_URL:
            self._stop_parsing(HTTPStatus.REQUEST_URI_TOO_LONG)
        if len(self.headers) > MOST_HEADERS or (self._head_spans and self._head_size() > LARGEST_HEAD):
            self._stop_parsing(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if len(self.pipeline) >= MOST_PIPELINED:
            self._stop_parsing(HTTPStatus.BAD_REQUEST)
        self._head_open = False
        self._unfinished = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def _head_size(self) -> int:
        method = self.parser.get_method()  # pyright: ignore[reportOptionalMemberAccess]
        lines = sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)
        return len(method) + len(self.url) + len("  HTTP/1.1\r\n") + lines + len("\r\n")

    def on_body(self, body: bytes) -> None:
        self._unfinished = 0
        super().on_body(body)

    def handle_websocket_upgrade(self) -> None:
        self._ended = True
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled_timer is None:
            self._stalled_timer = self.loop.call_later(self.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stalled_timer is not None:
            self._stalled_timer.cancel()
            self._stalled_timer = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or HTTPStatus.BAD_REQUEST)

    def _stop_parsing(self, status: HTTPStatus) -> None:
        self._refusal = status
        raise _Refused

    def _no_head(self) -> None:
        """React to a request that is not complete in time."""
        self._head_timer = None
        if self.flow.read_paused:  # it waits for us
            self._head_timer = self.loop.call_later(self.head_seconds, self._no_head)
        elif self._head_open:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _is_unused(self) -> bool:
        """Whether no request is being answered."""
        # uvicorn declares the first, which is None before the first request, without it.
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer and close; or close alone, in the middle of another answer."""
        if self._ended or self.transport.is_closing():
            return
        self._ended = True
        if not self._is_unused():
            self.transport.close()
            return
        message = _MESSAGES[status].encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(message)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        fields = [name + b": " + value for name, value in headers]
        self.transport.write(b"\r\n".join([STATUS_LINE[status].rstrip(), *fields, b"", message]))
        self.flow.pause_reading()
        self.transport.write_eof()
        self._closing_timer = self.loop.call_later(CLOSING_SECONDS, self.transport.abort)
