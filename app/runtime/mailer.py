"""Send e-mails in the background, so that the timing of a response doesn't reveal whether one is sent."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

import aiosmtplib
import anyio
import structlog

from app.errors import Unavailable
from app.runtime.clock import system_clock
from app.settings import SmtpServer

LONGEST_QUEUE: Final = 100
SEND_SECONDS: Final = 30
LAST_EMAILS_SECONDS: Final = 5
RETRY_SECONDS: Final = 60
FROM_NAME: Final = "Shopping list"

_log: Final = structlog.stdlib.get_logger("app.mail")


@dataclass(frozen=True, slots=True)
class Email:
    """Plain text to one address, and on request the same as a page, with headers of its own.

    It has nothing that a stranger typed, so nobody can use the service to send spam.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Compose = Callable[[], Awaitable[Email | None]]
"""Composes an e-mail when its turn comes, or returns None if there is nothing to send."""


class Mailer:
    """Sends e-mails one by one through the SMTP server, if there is one, from a queue of bounded length.

    An e-mail that can't be sent is logged and dropped: people can ask for another one.
    """

    def __init__(self, server: SmtpServer | None) -> None:
        self._server = server
        self._waiting: asyncio.Queue[Compose] = asyncio.Queue(LONGEST_QUEUE)

    @property
    def enabled(self) -> bool:
        """Whether there is a mail server."""
        return self._server is not None

    def put(self, compose: Compose) -> None:
        """Queue an e-mail. Raises `Unavailable` when too many are waiting."""
        try:
            self._waiting.put_nowait(compose)
        except asyncio.QueueFull:
            raise Unavailable(
                "Too many e-mails are waiting to be sent. Try again shortly.", retry_after=RETRY_SECONDS
            ) from None

    async def send(self, email: Email) -> bool:
        """Send an e-mail now and return True; False when it could not be sent, which is logged."""
        try:
            with anyio.fail_after(SEND_SECONDS):
                if self._server is None:
                    return False
                await _send(email, self._server)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            _log.warning("an e-mail could not be sent", reason=type(error).__name__)
            return False
        return True

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Send while the block runs; at its end, wait a few seconds for the rest of the queue."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_sending)
            try:
                yield
            finally:
                with anyio.move_on_after(LAST_EMAILS_SECONDS, shield=True):
                    await self._waiting.join()
                tasks.cancel_scope.cancel()

    async def _keep_sending(self) -> None:
        while True:
            compose = await self._waiting.get()
            try:
                with anyio.fail_after(SEND_SECONDS):
                    email = await compose()
                    if email is not None and self._server is not None:
                        await _send(email, self._server)
            except (aiosmtplib.SMTPException, OSError, TimeoutError, Unavailable) as error:
                # The error's own message may quote addresses.
                _log.warning("an e-mail could not be sent", reason=type(error).__name__)
            except Exception:
                _log.exception("an e-mail could not be sent")
            finally:
                self._waiting.task_done()


async def _send(email: Email, server: SmtpServer) -> None:
    await aiosmtplib.send(
        _message(email, server.sender),
        recipients=[email.to],
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=None if server.password is None else server.password.get_secret_value(),
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        tls_context=None if server.tls == "off" else ssl.create_default_context(),
        local_hostname=server.local_hostname,
        timeout=SEND_SECONDS,
    )


def _message(email: Email, sender: str) -> EmailMessage:
    local_part, _, domain = sender.rpartition("@")
    message = EmailMessage()
    message["From"] = Address(FROM_NAME, local_part, domain)
    message["To"] = email.to
    message["Subject"] = email.subject
    message["Date"] = format_datetime(system_clock())
    message["Message-ID"] = make_msgid(domain=domain)
    # Suppresses out-of-office replies (RFC 3834 section 5).
    message["Auto-Submitted"] = "auto-generated"
    for name, value in email.headers.items():
        message[name] = value
    message.set_content(email.text)
    if email.html is not None:
        message.add_alternative(email.html, subtype="html")
    return message
