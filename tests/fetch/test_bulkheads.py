"""What fetches may take of the process, and that they don't keep it from ending."""

import subprocess
import sys
from contextlib import AsyncExitStack

import anyio
import pytest

from app.fetch.bulkheads import FetchPlaces
from app.fetch.fetcher import STRANGERS
from app.runtime.addresses import SITE_SHARE
from tests.documents import ROOT
from tests.site import Names

pytestmark = pytest.mark.anyio

SCRIPT = """
import threading
import anyio
import anyio.to_thread
from app.fetch.fetcher import Fetcher

begun = threading.Semaphore(0)
the_loop_is_closed = threading.Event()
never = threading.Event()
threads = {}

def resolve(host, port):
    threads[host] = threading.current_thread()
    begun.release()
    (never if host == "never.example" else the_loop_is_closed).wait()
    raise OSError("no such name")

async def main():
    fetcher = Fetcher(resolve_host=resolve, seconds=600)
    async with anyio.create_task_group() as tasks:
        for host in ("never.example", "late.example"):
            tasks.start_soon(fetcher.get, f"https://{host}/", "192.0.2.1")
            await anyio.to_thread.run_sync(begun.acquire)
        tasks.cancel_scope.cancel()

anyio.run(main)
the_loop_is_closed.set()
threads["late.example"].join()
print("done")
"""


@pytest.mark.proves("ci-places-of-requester")
def test_look_ups_that_nobody_waits_for_do_not_keep_the_process_from_ending() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "done\n", "")


@pytest.mark.proves("ci-places-of-requester")
async def test_one_requester_has_few_places_and_waits_without_taking_one_from_others() -> None:
    places = FetchPlaces(Names({}), STRANGERS, patience=10)
    had_one_more = anyio.Event()

    async def one_more() -> None:
        async with places.place("one-more.example", "2001:db8:0:1::f"):
            had_one_more.set()

    async with anyio.create_task_group() as tasks, AsyncExitStack() as held:
        for number in range(STRANGERS.of_requester.at_once):
            await held.enter_async_context(places.place(f"h{number}.example", f"2001:db8:0:1::{number}"))
        tasks.start_soon(one_more)
        for number in range(STRANGERS.fetches.at_once - STRANGERS.of_requester.at_once):
            await held.enter_async_context(places.place(f"o{number}.example", f"192.0.2.{number}"))
        assert not had_one_more.is_set()
        await held.aclose()
        await had_one_more.wait()


@pytest.mark.proves("ci-places-of-requester")
async def test_all_requesters_of_one_site_leave_places_and_look_ups_to_others() -> None:
    places = FetchPlaces(Names({}), STRANGERS, patience=10)
    had_one_more = anyio.Event()

    async def one_more() -> None:
        async with places.place("one-more.example", "2001:db8:0:f::1"):
            had_one_more.set()

    async with anyio.create_task_group() as tasks, AsyncExitStack() as held:
        for number in range(STRANGERS.of_requester.at_once * SITE_SHARE):
            place = places.place(f"h{number}.example", f"2001:db8:0:{number % 8}::1")
            await held.enter_async_context(place)
        tasks.start_soon(one_more)
        await held.enter_async_context(places.place("other.example", "2001:db8:1::1"))
        assert not had_one_more.is_set()
        await held.aclose()
        await had_one_more.wait()
    assert STRANGERS.look_ups_of_requester.at_once * SITE_SHARE < STRANGERS.look_ups.at_once
