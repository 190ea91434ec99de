"""The daily letter, from a list to a mailbox: once a day, only when there is something to say, and easy to end."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import pytest
from anyio import lowlevel
from bs4 import BeautifulSoup
from sqlalchemy import text
from starlette.applications import Starlette

from app.alerts.letters import CLAIMED_FOR, MOST_ATTEMPTS, LetterWriter, send_letters
from app.alerts.models import AlertSettings
from app.alerts.settings_repository import end_letters
from app.alerts.unsubscribing import person_of
from app.db import transaction
from app.households.repository import delete_membership
from app.jobs.alerts import AlertWork, alerts_running
from app.people.models import Person
from app.pubsub import PubSub
from app.runtime.mailer import Mailer
from app.settings import Settings
from tests.alerts.conftest import Alerts
from tests.factory import Connected, Factory
from tests.mailbox import Mailbox, mailbox
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.own_app]

BERLIN = AlertSettings(time_zone="Europe/Berlin", letter_hour=7)


@pytest.fixture
async def box() -> AsyncGenerator[Mailbox]:
    async with mailbox() as box:
        yield box


@pytest.fixture
def writer(alerts: Alerts, box: Mailbox, settings: Settings) -> LetterWriter:
    mailer = Mailer(box.settings(settings).smtp)
    return LetterWriter(alerts.engine, mailer, settings.public_url, settings.secret_keys[0])


@pytest.fixture
async def reader(alerts: Alerts, ada: Connected, ben: Person) -> Person:
    """Ben, who has confirmed his address and wants a letter about Ada's list at seven."""
    async with transaction(alerts.engine) as connection:
        await connection.execute(text("UPDATE people SET email_verified_at = now()"))
    await alerts.want(ben, ada.household_id, push=None, letter=True)
    await alerts.settle(ben, BERLIN)
    return ben


def morning(alerts: Alerts, number: int = 1) -> datetime:
    """Seven o'clock in Berlin, for the first time from now on, or a later one."""
    now = alerts.now.astimezone(ZoneInfo("Europe/Berlin"))
    first = now.date() if now.hour < 7 else now.date() + timedelta(days=1)
    day = first + timedelta(days=number - 1)
    return datetime(day.year, day.month, day.day, 7, tzinfo=now.tzinfo).astimezone(UTC)


def parts(email: EmailMessage) -> tuple[str, BeautifulSoup]:
    """The plain text of a letter, and its page."""
    plain, page = email.get_body(("plain",)), email.get_body(("html",))
    assert plain is not None
    assert page is not None
    return plain.get_content().replace("\r\n", "\n"), BeautifulSoup(page.get_content(), "html.parser")


async def test_a_letter_says_what_is_on_the_list_and_who_added_it(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=[{"name": "milk", "quantity": 2, "unit": "l"}, "bread"])
    today = morning(alerts).date()
    await assistant.call("save_plan", entries=[{"date": today.isoformat(), "text": "soup"}])
    assert await send_letters(writer, morning(alerts) - timedelta(seconds=1)) == 0
    assert await send_letters(writer, morning(alerts)) == 1
    email = await box.next()
    assert (email["To"], email["Subject"]) == (reader.email, "Your lists today")
    plain, page = parts(email)
    assert "Hello Ben," in plain
    assert "New from Ada: milk, bread" in plain
    assert "- 2 l milk\n- bread" in plain
    assert "soup" in plain
    assert [each.get_text() for each in page.select("ul")[-1].select("li")] == ["2 l milk", "bread"]
    assert "/lists/L1?household=" in str(page.select_one("h2 a"))


async def test_a_letter_can_be_ended_by_the_mail_program(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient, settings: Settings
) -> None:
    await assistant.call("add_items", items=["milk"])
    await send_letters(writer, morning(alerts))
    email = await box.next()
    assert email["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address: str = email["List-Unsubscribe"]
    assert address.startswith(f"<{settings.public_url}/notifications/unsubscribe?token=")
    token = address.removesuffix(">").partition("token=")[2]
    assert person_of(token, settings.secret_keys) == reader.id
    for forged in (token[:-1], token + "0", "x." + token.partition(".")[2], reader.id.hex, "", "." * 3, "ä.ö"):
        assert person_of(forged, settings.secret_keys) is None


async def test_one_letter_a_day_however_often_and_by_how_many_it_is_looked_for(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["milk"])
    for day in (1, 2):
        sent = await asyncio.gather(*(send_letters(writer, morning(alerts, day)) for _ in range(4)))
        assert sum(sent) == 1
        assert await send_letters(writer, morning(alerts, day) + timedelta(hours=16)) == 0
        await box.next()
    assert box.is_empty


@pytest.mark.parametrize("first", [date(2027, 3, 27), date(2027, 10, 30)])
async def test_a_letter_comes_once_a_day_at_its_hour_also_when_clocks_change(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient, first: date
) -> None:
    await assistant.call("add_items", items=["milk"])
    zone, came = ZoneInfo("Europe/Berlin"), list[datetime]()
    alerts.now = datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
    await alerts.settle(reader, AlertSettings(time_zone="Europe/Berlin", letter_hour=2))
    for _ in range(3 * 24 * 4):
        if await send_letters(writer, alerts.now):
            came.append(alerts.now.astimezone(zone))
            await box.next()
        alerts.now += timedelta(minutes=15)
    assert [each.date() for each in came] == [first + timedelta(days=number) for number in range(3)]
    assert [each.hour for each in came if each.date() != date(2027, 3, 28)] == [2] * (2 if first.month == 3 else 3)


async def test_there_is_none_when_there_is_nothing_to_say(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient
) -> None:
    assert await send_letters(writer, morning(alerts)) == 0
    await assistant.call("add_items", items=["milk"])
    assert await send_letters(writer, morning(alerts) + timedelta(hours=1)) == 0, "the letter of that day is done with"
    assert await send_letters(writer, morning(alerts, 2)) == 1


async def test_no_letter_goes_to_an_address_that_nobody_has_confirmed(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["milk"])
    async with transaction(alerts.engine) as connection:
        await connection.execute(text("UPDATE people SET email_verified_at = NULL"))
    assert await send_letters(writer, morning(alerts)) == 0
    assert box.is_empty


async def test_nobody_gets_one_about_a_household_that_they_left(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient, ada: Connected
) -> None:
    await assistant.call("add_items", items=["milk"])
    async with transaction(alerts.engine) as connection:
        await delete_membership(connection, ada.household_id, reader.id)
    assert await send_letters(writer, morning(alerts)) == 0
    assert box.is_empty


async def test_who_ended_it_gets_none(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["milk"])
    async with transaction(alerts.engine) as connection:
        assert await end_letters(connection, reader.id)
        assert not await end_letters(connection, reader.id)
    assert await send_letters(writer, morning(alerts)) == 0


async def test_what_the_mail_server_refuses_is_tried_again_and_given_up_for_the_day(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["milk"])
    box.refuses = True
    assert await send_letters(writer, morning(alerts)) == 0
    box.refuses = False
    assert await send_letters(writer, morning(alerts)) == 0, "not at once"
    assert await send_letters(writer, morning(alerts) + CLAIMED_FOR) == 1
    box.refuses = True
    for attempt in range(MOST_ATTEMPTS):
        assert await send_letters(writer, morning(alerts, 2) + attempt * CLAIMED_FOR) == 0
    box.refuses = False
    assert await send_letters(writer, morning(alerts, 2) + (MOST_ATTEMPTS + 1) * CLAIMED_FOR) == 0
    assert await send_letters(writer, morning(alerts, 3)) == 1


async def test_text_that_tries_to_be_markup_or_a_header_is_text(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient
) -> None:
    evil = ["<script>alert(1)</script>", "<a href='https://evil.example'>x</a>", "{{ 'x' * 9 }} %(who)s"]
    await assistant.call("save_list", list="L1", name=f"Bcc: all@example.org {evil[0]}")
    await assistant.call("add_items", items=[{"name": each} for each in evil])
    await alerts.settle(reader, AlertSettings(language="de", time_zone="Europe/Berlin", letter_hour=7))
    await send_letters(writer, morning(alerts))
    email: Any = await box.next()
    assert email["Bcc"] is None
    plain, page = parts(email)
    assert page.select("script") == []
    assert all("evil.example" not in str(each.get("href")) for each in page.select("a"))
    for each in evil:
        assert each in plain
        assert each in page.get_text()
    assert page.html is not None
    assert page.html["lang"] == "de"


async def test_lists_of_others_stay_out_of_it(
    alerts: Alerts, writer: LetterWriter, box: Mailbox, reader: Person, assistant: McpClient, factory: Factory
) -> None:
    """Also when there is a row for one."""
    await assistant.call("add_items", items=["milk"])
    eve, hers = await factory.person("Eve")
    on = await alerts.want(eve, hers, push=None, letter=True)
    async with transaction(alerts.engine) as connection:
        await connection.execute(
            text("UPDATE list_alerts SET list_id = :on WHERE person_id = :ben"), {"on": on, "ben": reader.id}
        )
    assert await send_letters(writer, morning(alerts)) == 0
    assert box.is_empty


@pytest.mark.processes
async def test_pushes_do_not_wait_for_a_mail_server_that_says_nothing(
    app: Starlette, alerts: Alerts, settings: Settings, reader: Person, assistant: McpClient, ada: Connected
) -> None:
    asked, hung_up = anyio.Event(), anyio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()  # until the mailer has had enough
        hung_up.set()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    smtp = {"smtp_host": "127.0.0.1", "smtp_port": silent.sockets[0].getsockname()[1], "smtp_from": "a@example.org"}
    mailer = Mailer(settings.model_copy(update={**smtp, "smtp_tls": "off"}).smtp)
    letters = LetterWriter(alerts.engine, mailer, settings.public_url, settings.secret_keys[0])
    work = AlertWork(alerts.engine, alerts.sender, letters, "")
    pubsub: PubSub = app.state.pubsub
    browser = await alerts.browser_of(reader)
    await assistant.call("add_items", items=["milk"])
    alerts.now = morning(alerts)
    async with silent, alerts_running(work, pubsub, lambda: alerts.now):
        with anyio.fail_after(90):
            await asked.wait()
            on = await alerts.want(reader, ada.household_id, letter=True)
            await assistant.call("add_items", items=["bread"])
            await alerts.gather(ada.household_id, on)
            while not browser.requests:
                await lowlevel.checkpoint()
        assert not hung_up.is_set()
