"""E-mails by SMTP."""

import anyio
import anyio.lowlevel
import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr
from structlog.testing import capture_logs

from app.errors import Unavailable
from app.runtime.mailer import LONGEST_QUEUE, Email, Mailer
from app.settings import Settings
from tests.mailbox import SENDER, Mailbox, mailbox

pytestmark = pytest.mark.anyio

TEXT = "Guten Tag, hier ist Jörg.\n\nhttps://lists.example.org/account/new-password?link=" + "x" * 60 + "\n"


def an_email(to: str = "anna@example.org") -> Email:
    return Email(to, "Grüße", TEXT)


async def test_a_letter_arrives_as_it_was_written(settings: Settings) -> None:
    async with mailbox() as box:
        mailer = Mailer(box.settings(settings).smtp)
        assert mailer.enabled
        async with mailer.running():
            mailer.put(lambda: _written(an_email()))
            arrived = await box.next()
    assert arrived["To"] == "anna@example.org"
    assert SENDER in arrived["From"]
    assert arrived["Subject"] == "Grüße"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Date"]
    assert arrived["Message-ID"]
    assert arrived.get_content().replace("\r\n", "\n") == TEXT


async def test_a_letter_that_is_refused_or_fails_leaves_the_next_one_alone(settings: Settings) -> None:
    async def fails() -> Email:
        raise RuntimeError

    with capture_logs() as log:
        async with mailbox() as box:
            mailer = Mailer(box.settings(settings).smtp)
            async with mailer.running():
                box.refuses = True
                mailer.put(lambda: _written(an_email("carla@example.org")))
                mailer.put(fails)
                mailer.put(lambda: _written(None))
                mailer.put(lambda: _accept(box))
                mailer.put(lambda: _written(an_email()))
                assert (await box.next())["To"] == "anna@example.org"
                assert box.is_empty
    assert [entry["log_level"] for entry in log] == ["warning", "error"]
    assert "carla" not in str(log)


async def test_where_tls_is_asked_for_nothing_goes_without(settings: Settings) -> None:
    async with mailbox() as box:
        mailer = Mailer(box.settings(settings).model_copy(update={"smtp_tls": "starttls"}).smtp)
        async with mailer.running():
            mailer.put(lambda: _written(an_email()))
        assert box.is_empty


async def test_it_signs_in_to_the_server(settings: Settings) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def authenticate(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    async with mailbox(authenticator=authenticate, auth_require_tls=False) as box:
        account = {"smtp_user": "lists", "smtp_password": SecretStr("hidden")}
        mailer = Mailer(box.settings(settings).model_copy(update=account).smtp)
        async with mailer.running():
            mailer.put(lambda: _written(an_email()))
            await box.next()
    assert seen == [(b"lists", b"hidden")]


async def test_a_bounded_number_waits(settings: Settings) -> None:
    mailer = Mailer(settings.smtp)
    assert not mailer.enabled
    for _ in range(LONGEST_QUEUE):
        mailer.put(lambda: _written(an_email()))
    with pytest.raises(Unavailable) as refused:
        mailer.put(lambda: _written(an_email()))
    assert refused.value.retry_after


async def test_what_waits_at_the_end_is_still_sent(settings: Settings) -> None:
    async with mailbox() as box:
        mailer = Mailer(box.settings(settings).smtp)
        async with mailer.running():
            for number in range(3):
                to = f"person{number}@example.org"
                mailer.put(lambda to=to: _written(an_email(to)))
        assert [(await box.next())["To"] for _ in range(3)] == [f"person{number}@example.org" for number in range(3)]


async def _written(found: Email | None) -> Email | None:
    await anyio.lowlevel.checkpoint()
    return found


async def _accept(box: Mailbox) -> None:
    box.refuses = False
    await anyio.lowlevel.checkpoint()
