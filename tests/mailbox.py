"""A real SMTP server that keeps what it is given."""

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
    """The letters that arrived, the oldest first, and where they are taken."""

    port: int = 0
    refuses: bool = False
    _letters: "asyncio.Queue[EmailMessage]" = field(default_factory=asyncio.Queue[EmailMessage])

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """What aiosmtpd calls for each letter."""
        if self.refuses:
            return "554 No."
        content: Any = envelope.content
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        assert envelope.rcpt_tos == [letter["To"]]
        self._letters.put_nowait(letter)
        return "250 OK"

    async def next(self) -> EmailMessage:
        """The next letter, as soon as it arrives."""
        with anyio.fail_after(SECONDS):
            return await self._letters.get()

    @property
    def is_empty(self) -> bool:
        """Whether every letter was taken out."""
        return self._letters.empty()

    def settings(self, settings: Settings) -> Settings:
        """Settings of a service that sends its letters here."""
        smtp = {"smtp_host": "127.0.0.1", "smtp_port": self.port, "smtp_from": SENDER, "smtp_tls": "off"}
        return settings.model_copy(update=smtp)


@asynccontextmanager
async def mailbox(**options: Any) -> AsyncGenerator[Mailbox]:
    """A server while the block runs; `options` are those of aiosmtpd."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop, enable_SMTPUTF8=True, **options), "127.0.0.1", 0)
    async with server:
        box.port = server.sockets[0].getsockname()[1]
        yield box


def link_in(letter: EmailMessage) -> str:
    """The one address in a letter that leads on."""
    (link,) = (line for line in letter.get_content().splitlines() if "link=" in line)
    return link
