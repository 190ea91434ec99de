"""The page of notifications and the worker's part, in a real browser.

No push service can be reached from here, so two steps stand in for it: the browser's address is made by the test, and
a push is delivered to the worker by the debugger. Everything from the change to the encrypted request is in
tests/alerts, with a push service of its own.
"""

from typing import Any

import pytest

from tests.browsers.visitor import Visitor, Visitors

ADDRESS = """
    PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
      window.givenKey = applicationServerKey;
      const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
      const keys = { p256dh: await crypto.subtle.exportKey("raw", pair.publicKey), auth: new Uint8Array(16).buffer };
      return { endpoint: "https://push.example.org/of-this-browser", getKey: (name) => keys[name] };
    };"""


def somebody_chooses(visitor: Visitor) -> None:
    """Choose what to hear of a list, on both pages, and when."""
    visitor.sign_up()
    visitor.page.wait_for_url("**/account*")
    visitor.page.locator("main a[href$='/notifications']").click()
    visitor.looks_right()
    visitor.form("/notifications/lists/L1").locator("select").select_option("additions")
    visitor.send("/notifications/lists/L1")
    visitor.page.wait_for_url("**/notifications?done=list")
    assert visitor.form("/notifications/lists/L1").locator("select").input_value() == "additions"
    visitor.form("/notifications/settings").locator("[name=quiet]").check()
    visitor.send("/notifications/settings", quiet_from="21:30")
    visitor.page.wait_for_url("**/notifications?done=settings")
    assert visitor.page.locator("[name=quiet_from]").input_value() == "21:30"
    visitor.looks_right()
    visitor.open("/lists/L1/settings")
    visitor.looks_right()
    visitor.form("/notifications/lists/L1").locator("select").select_option("changes")
    visitor.send("/notifications/lists/L1")
    visitor.page.wait_for_url("**/lists/L1/settings*")
    assert visitor.form("/notifications/lists/L1").locator("select").input_value() == "changes"


def test_what_to_hear_is_chosen(visitor: Visitor) -> None:
    somebody_chooses(visitor)


def test_what_to_hear_is_chosen_without_scripts(plain_visitor: Visitor) -> None:
    somebody_chooses(plain_visitor)


def worker_of(visitor: Visitor) -> tuple[Any, str]:
    """The debugger at the page, and the registration of the worker that serves it."""
    session: Any = visitor.page.context.new_cdp_session(visitor.page)
    found = list[str]()

    def note(event: dict[str, Any]) -> None:
        found.extend(str(each["registrationId"]) for each in event["registrations"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    session.send("ServiceWorker.enable")
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert found
    return session, found[0]


SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({ title, body, tag, data }) => ({ title, body, tag, url: data.url }))"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_browser_is_added_and_its_worker_shows_what_is_pushed(visitors: Visitors, language: str) -> None:
    visitor = visitors.arrive(language=language, permissions=["notifications"])
    visitor.page.add_init_script(ADDRESS)
    visitor.sign_up()
    visitor.open("/notifications")
    visitor.send("/notifications/browser")
    visitor.page.wait_for_url("**/notifications?done=browser")
    assert visitor.page.locator("section.browser").count() == 1
    visitor.looks_right()
    session, registration = worker_of(visitor)

    def push(data: str) -> None:
        visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": visitor.url, "registrationId": registration, "data": data},
        )

    push('{"title": "<b>Groceries", "body": "Ben added milk", "tag": "a", "url": "/lists/L1"}')
    visitor.page.wait_for_function(f"async () => (await ({SHOWN})()).length === 1")
    assert visitor.page.evaluate(SHOWN) == [
        {"title": "<b>Groceries", "body": "Ben added milk", "tag": "a", "url": "/lists/L1"}
    ]
    push('{"title": "<b>Groceries", "body": "Ben added bread", "tag": "a", "url": "/lists/L1"}')
    visitor.page.wait_for_function(f"async () => (await ({SHOWN})())[0]?.body === 'Ben added bread'")
    assert len(visitor.page.evaluate(SHOWN)) == 1, "of one list the last alone is shown"
    push("no message of ours")
    visitor.page.wait_for_function(f"async () => (await ({SHOWN})()).length === 2")
    visitor.send("/notifications/browser/end")
    visitor.page.wait_for_url("**/notifications?done=end")
    assert visitor.page.locator("section.browser").count() == 0


def test_who_forbids_notifications_is_told_what_to_do(visitors: Visitors) -> None:
    visitor = visitors.arrive()
    visitor.page.add_init_script("Notification.requestPermission = async () => 'denied'")
    visitor.sign_up()
    visitor.open("/notifications")
    visitor.send("/notifications/browser")
    visitor.page.locator("[data-said=denied]").wait_for(state="visible")
    visitor.looks_right()
