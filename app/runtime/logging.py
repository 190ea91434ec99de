"""Logs to stderr: readable on a terminal, JSON lines elsewhere, every line with its request id.

A traceback shows the type and place of an error, never its message: drivers and validators quote values in their
messages, which may be items on a list, or tokens.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Final, cast

import structlog
from structlog.typing import EventDict, Processor

from app.runtime.request_log import REQUEST_LINES, request_id

QUIET: Final = (
    *("mcp", "uvicorn.access", "sqlalchemy", "alembic", "asyncio"),
    *("authlib", "httpx", "httpcore", "httpx2", "httpcore2"),
)
"""Loggers that are too noisy below warnings: the SDK alone writes a line for each request. At debug level some also log
secrets, as Authlib does with PKCE verifiers."""


def configure_logging(level: str) -> None:
    """Set up logging for the process. Call it before the SDK is constructed, which configures logging otherwise."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        _add_traceback,
    ]
    render: Processor = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    # No line names a thread or a process, and finding out takes time (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    lines = logging.getLogger(REQUEST_LINES)
    lines.propagate = sys.stderr.isatty()
    lines.handlers = [] if lines.propagate else [_request_line_handler()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
            use_get_message=True,
            keep_exc_info=False,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class _RequestLine(logging.Formatter):
    """Writes what structlog would: the line that every request has, at a sixth of the cost."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line as JSON."""
        method, path, status, ms = cast("tuple[str, str, int, float]", record.args)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        return json.dumps(
            {
                "method": method,
                "path": path,
                "status": status,
                "ms": ms,
                "event": "request",
                "level": "info",
                "logger": record.name,
                "timestamp": at.replace("+00:00", "Z"),
                "request_id": request_id(),
            }
        )


def _request_line_handler() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RequestLine())
    return handler


def _add_request_id(logger: object, method: str, event: EventDict) -> EventDict:
    event["request_id"] = request_id()
    return event


def _add_traceback(logger: object, method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    record: logging.LogRecord | None = event.get("_record")
    if record is not None and record.exc_info:
        given, record.exc_info, record.exc_text = record.exc_info, None, None
    if not given:
        return event
    error = sys.exception() if given is True else given
    if isinstance(error, tuple):
        error = cast("tuple[object, object, object]", error)[1]
    if isinstance(error, BaseException):
        event["traceback"] = _without_messages(error)
    return event


def _without_messages(error: BaseException) -> list[str]:
    lines: list[str] = []
    link: BaseException | None = error
    while link is not None:
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(link.__traceback__)]
        lines = [f"{type(link).__module__}.{type(link).__qualname__}", *places, *lines]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return lines
