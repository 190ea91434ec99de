"""A real SMTP server that keeps the e-mails it receives."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import anyio
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.settings import Settings

SECONDS = 20
SENDER = "lists@example.org"


@dataclass
class Mailbox:
    """The e-mails received, the oldest first; also the handler of the SMTP server."""

    port: int = 0
    refuses: bool = False
    _emails: "asyncio.Queue[EmailMessage]" = field(default_factory=asyncio.Queue[EmailMessage])

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Handle an e-mail (called by aiosmtpd)."""
        if self.refuses:
            return "554 No."
        content: Any = envelope.content
        email = message_from_bytes(content, policy=policy.default)
        assert isinstance(email, EmailMessage)
        assert envelope.rcpt_tos == [email["To"]]
        self._emails.put_nowait(email)
        return "250 OK"

    async def next(self) -> EmailMessage:
        """Wait for the next e-mail and return it."""
        with anyio.fail_after(SECONDS):
            return await self._emails.get()

    @property
    def is_empty(self) -> bool:
        """Whether no e-mail is left."""
        return self._emails.empty()

    def settings(self, settings: Settings) -> Settings:
        """Settings of a service that sends its e-mails here."""
        smtp = {"smtp_host": "127.0.0.1", "smtp_port": self.port, "smtp_from": SENDER, "smtp_tls": "off"}
        return settings.model_copy(update=smtp)


@asynccontextmanager
async def mailbox(**options: Any) -> AsyncGenerator[Mailbox]:
    """Run a server during the block; `options` are those of aiosmtpd."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop, enable_SMTPUTF8=True, **options), "127.0.0.1", 0)
    async with server:
        box.port = server.sockets[0].getsockname()[1]
        yield box


def link_in(email: EmailMessage) -> str:
    """Return the one link in an e-mail."""
    (link,) = (line for line in email.get_content().splitlines() if "link=" in line)
    return link
