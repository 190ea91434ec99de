"""Passkeys in a real browser, with Chromium's own virtual authenticator."""

import re
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.browsers.test_pages import register, waiting_app
from tests.browsers.visitor import PASSWORD, Visitor, Visitors
from tests.journeys.product import Product

DEVICE = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

Device = Callable[[Visitor], Any]


@pytest.fixture
def device() -> Generator[Device]:
    """Gives a visitor's browser a sensor for fingerprints; what it keeps is what the visitor's device keeps."""
    sessions: list[Any] = []

    def attach(visitor: Visitor) -> Any:
        session: Any = visitor.page.context.new_cdp_session(visitor.page)
        session.send("WebAuthn.enable")
        added = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        visitor.authenticator = added["authenticatorId"]
        sessions.append(session)
        return session

    yield attach
    for session in sessions:
        session.detach()


def add_passkey(visitor: Visitor) -> None:
    """Sign up, and follow what the account page says."""
    visitor.sign_up()
    visitor.page.wait_for_url("**/account*")
    visitor.page.locator("main a[href$='/account/passkeys']").click()
    visitor.looks_right()
    visitor.send("/account/passkeys/add", name="Phone")
    visitor.page.wait_for_url("**/account/passkeys?done=added")


def sign_out(visitor: Visitor) -> None:
    """Sign out on the account page."""
    visitor.open("/account")
    visitor.send("/account/sign-out")
    visitor.page.wait_for_url("**/account/sign-in*")


def press(visitor: Visitor, path: str) -> None:
    """Press the button of the form that goes to a path."""
    visitor.form(path).locator("button").click()


def test_somebody_signs_up_adds_a_passkey_and_signs_in_with_it(visitor: Visitor, device: Device) -> None:
    device(visitor)
    add_passkey(visitor)
    assert visitor.page.locator("main h2 bdi").inner_text() == "Phone"
    visitor.page.locator("main details summary").click()
    visitor.looks_right()
    sign_out(visitor)
    visitor.looks_right()
    press(visitor, "/account/passkey")
    visitor.page.wait_for_url(re.compile("/account$"))
    assert visitor.email in visitor.page.locator("main").inner_text()


def test_a_passkey_is_the_second_step_of_an_app_s_sign_in(visitor: Visitor, product: Product, device: Device) -> None:
    device(visitor)
    add_passkey(visitor)
    press(visitor, "/account/passkeys/require")
    visitor.page.wait_for_url("**/account/passkeys?done=required")
    visitor.looks_right()
    sign_out(visitor)
    with waiting_app() as (callback, came):
        visitor.open(register(product, callback).url())
        visitor.send("/oauth/sign-in", email=visitor.email, password=PASSWORD)
        visitor.page.wait_for_url("**/oauth/second-step*")
        visitor.looks_right()
        press(visitor, "/oauth/second-step")
        visitor.page.wait_for_url("**/oauth/consent*")
        visitor.page.locator("button[name=decision][value=approve]").click()
        visitor.page.wait_for_url(f"{callback}*")
        assert "code=" in came[0]


def somebody_loses_their_passkey(visitor: Visitor) -> str:
    """Ask for a passkey beside the password, make recovery codes, and sign out; one of the codes."""
    press(visitor, "/account/passkeys/require")
    visitor.page.wait_for_url("**/account/passkeys?done=required")
    press(visitor, "/account/passkeys/codes")
    visitor.looks_right()
    code = visitor.page.locator("main pre").inner_text().split()[0]
    sign_out(visitor)
    return code


def test_a_recovery_code_stands_in_for_a_lost_passkey(visitor: Visitor, device: Device) -> None:
    session = device(visitor)
    add_passkey(visitor)
    code = somebody_loses_their_passkey(visitor)
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": visitor.authenticator})
    visitor.send("/account/sign-in", email=visitor.email, password=PASSWORD)
    visitor.page.wait_for_url("**/account/second-step*")
    visitor.page.locator("main details summary").click()
    visitor.looks_right()
    visitor.send("/account/second-step/code", code=code)
    visitor.page.wait_for_url(re.compile("/account$"))


def test_an_app_is_connected_by_somebody_who_signs_up_with_a_passkey_alone(
    visitor: Visitor, product: Product, device: Device
) -> None:
    session = device(visitor)
    visitor.email = f"newcomer.{visitor.language}@example.org"
    with waiting_app() as (callback, came):
        visitor.open(register(product, callback).url())
        visitor.page.locator("main a[href*='/oauth/sign-up']").click()
        visitor.form("/oauth/sign-up/passkey").wait_for()
        visitor.looks_right()
        visitor.send("/oauth/sign-up/passkey", email=visitor.email, name="Ada")
        visitor.page.locator("main pre").wait_for()
        code = visitor.page.locator("main pre").inner_text().split()[0]
        visitor.looks_right()
        visitor.page.locator("main a.button").click()
        visitor.page.wait_for_url("**/oauth/consent*")
        visitor.page.locator("button[name=decision][value=approve]").click()
        visitor.page.wait_for_url(f"{callback}*")
        assert "code=" in came[0]
    sign_out(visitor)
    press(visitor, "/account/passkey")
    visitor.page.wait_for_url(re.compile("/account$"))
    sign_out(visitor)
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": visitor.authenticator})
    visitor.page.locator("main a[href*='/account/recovery']").click()
    visitor.looks_right()
    visitor.send("/account/recovery", email=visitor.email, code=code)
    visitor.page.wait_for_url(re.compile("/account$"))


def test_an_app_s_sign_in_takes_a_passkey_alone(visitors: Visitors, product: Product, device: Device) -> None:
    visitor = visitors.arrive()
    device(visitor)
    add_passkey(visitor)
    sign_out(visitor)
    with waiting_app() as (callback, came):
        visitor.open(register(product, callback).url())
        press(visitor, "/oauth/passkey")
        visitor.page.wait_for_url("**/oauth/consent*")
        visitor.page.locator("button[name=decision][value=approve]").click()
        visitor.page.wait_for_url(f"{callback}*")
        assert "code=" in came[0]


def test_where_the_device_refuses_the_page_says_so_and_the_password_is_there(
    visitors: Visitors, device: Device
) -> None:
    visitor = visitors.arrive()
    session = device(visitor)
    add_passkey(visitor)
    sign_out(visitor)
    refuse = {"authenticatorId": visitor.authenticator, "isUserVerified": False}
    session.send("WebAuthn.setUserVerified", refuse)
    press(visitor, "/account/passkey")
    said = visitor.form("/account/passkey").locator("[role=alert]")
    said.wait_for()
    assert said.inner_text() == "No passkey was used. Try again, or choose another way."
    visitor.looks_right()
    visitor.send("/account/sign-in", email=visitor.email, password=PASSWORD)
    visitor.page.wait_for_url(re.compile("/account$"))


def test_confirming_who_it_is_takes_a_passkey(visitor: Visitor, device: Device) -> None:
    device(visitor)
    add_passkey(visitor)
    visitor.open("/account/confirm?next=/account/passkeys")
    visitor.looks_right()
    press(visitor, "/account/confirm/passkey")
    visitor.page.wait_for_url(re.compile("/account/passkeys$"))


def somebody_deletes_their_account(visitor: Visitor) -> None:
    """Sign up, look at what would go, and let it go."""
    visitor.sign_up()
    visitor.page.wait_for_url("**/account*")
    visitor.page.locator("main a[href$='/account/delete']").click()
    visitor.looks_right()
    visitor.form("/account/delete").locator("[name=sure]").check()
    press(visitor, "/account/delete")
    assert visitor.page.locator("main a[href$='/']").is_visible()
    visitor.looks_right()
    visitor.open("/account")
    assert "/account/sign-in" in visitor.page.url


def test_an_account_is_deleted(visitor: Visitor) -> None:
    somebody_deletes_their_account(visitor)


def test_an_account_is_deleted_without_scripts(plain_visitor: Visitor) -> None:
    somebody_deletes_their_account(plain_visitor)


def test_without_scripts_the_password_is_there_and_no_passkey(plain_visitor: Visitor) -> None:
    plain_visitor.sign_up()
    plain_visitor.open("/account/passkeys")
    assert not plain_visitor.form("/account/passkeys/add").is_visible()
    assert plain_visitor.page.locator("main p.notice").is_visible()
    plain_visitor.open("/account/confirm?next=/account/passkeys")
    plain_visitor.send("/account/confirm", password=PASSWORD)
    plain_visitor.page.wait_for_url(re.compile("/account/passkeys$"))
